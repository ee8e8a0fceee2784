import { checkFile } from "../../app/files/check-file.ts";
import type { FileContext } from "../../app/files/file-context.ts";
import { inspectFile } from "../../app/files/inspect-file.ts";

/** Work on files that takes long: what each task is given and gives. Both travel between threads, so they are plain values. */
export const fileTasks = {
  inspect: (context: FileContext, request: { readonly path: string }) => inspectFile(context, request.path),
  check: (context: FileContext, request: { readonly path: string }) => checkFile(context, request.path),
};

export type FileTaskName = keyof typeof fileTasks;
export type FileTaskRequest<Name extends FileTaskName> = Parameters<(typeof fileTasks)[Name]>[1];
export type FileTaskResult<Name extends FileTaskName> = ReturnType<(typeof fileTasks)[Name]>;
