import { checkFile } from "../../app/files/check-file.ts";
import type { FileContext } from "../../app/files/file-context.ts";
import { describeSnapshot, type DescribeSnapshotRequest } from "../../app/files/describe-snapshot.ts";
import { diffFiles, type DiffFilesRequest } from "../../app/files/diff-files.ts";
import { hashKvFile, type HashKvRequest } from "../../app/files/hash-kv-file.ts";
import { inspectFile } from "../../app/files/inspect-file.ts";
import { rankFiles } from "../../app/files/rank-files.ts";
import { readSealedFacts, type SealedFactsRequest } from "../../app/files/read-sealed-facts.ts";
import { restoreFile, type RestoreFileRequest } from "../../app/files/restore-file.ts";
import type { WalDirs } from "../../app/files/wal-dirs.ts";
import { printObjects, type PrintObjectsRequest, type WriteText } from "./print-objects.ts";

/**
 * Work on files that takes long: what each task is given and gives. Both travel between threads, so they are plain
 * values. What is too much for one is written in pieces meanwhile.
 */
export const fileTasks = {
  inspect: (context: FileContext, request: { readonly path: string; readonly walDir?: string | undefined }) =>
    inspectFile(context, request.path, request),
  check: (context: FileContext, request: { readonly path: string; readonly walDir?: string | undefined }) =>
    checkFile(context, request.path, request),
  diff: (context: FileContext, request: DiffFilesRequest) => diffFiles(context, request),
  get: (context: FileContext, request: PrintObjectsRequest, write: WriteText) => printObjects(context, request, write),
  describe: (context: FileContext, request: DescribeSnapshotRequest) => describeSnapshot(context, request),
  sealed: (context: FileContext, request: SealedFactsRequest) => readSealedFacts(context, request),
  hashkv: (context: FileContext, request: HashKvRequest) => hashKvFile(context, request),
  rank: (context: FileContext, request: { readonly paths: readonly string[]; readonly walDirs?: WalDirs }) =>
    rankFiles(context, request.paths, request.walDirs),
  restore: (context: FileContext, request: RestoreFileRequest) => restoreFile(context, request),
};

export type FileTaskName = keyof typeof fileTasks;
export type FileTaskRequest<Name extends FileTaskName> = Parameters<(typeof fileTasks)[Name]>[1];
export type FileTaskResult<Name extends FileTaskName> = ReturnType<(typeof fileTasks)[Name]>;
