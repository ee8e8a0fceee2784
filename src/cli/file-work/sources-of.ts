import type { FileTaskName, FileTaskRequest } from "./file-tasks.ts";

/** The paths that a task reads: what of them lies on another machine is copied here first. */
export const sourcesOf: { readonly [Name in FileTaskName]: (request: FileTaskRequest<Name>) => readonly string[] } = {
  inspect: ({ path }) => [path],
  check: ({ path }) => [path],
  diff: ({ from, to, encryptionConfig }) => [from.path, to.path, ...(encryptionConfig === undefined ? [] : [encryptionConfig])],
  get: ({ path, encryptionConfig }) => [path, ...(encryptionConfig === undefined ? [] : [encryptionConfig])],
  describe: ({ path }) => [path],
  sealed: ({ path }) => [path],
  hashkv: ({ path }) => [path],
  rank: ({ paths }) => paths,
  restore: ({ path }) => [path],
};
