import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileTaskName, FileTaskRequest } from "../../src/cli/file-work/file-tasks.ts";
import { restoreRequest } from "./restore-request.ts";

const all = { what: undefined, namespace: undefined, selector: undefined };

/** One request for every verb that reads files; a new verb does not compile until it is here. */
export function requestsFor(path: string, newDir: string): { readonly [Name in FileTaskName]: FileTaskRequest<Name> } {
  const side = { path, revision: 0n };
  return {
    inspect: { path },
    check: { path },
    diff: { from: side, to: { path, revision: 1n }, selection: all, includesNoise: true, encryptionConfig: undefined },
    get: { path, selection: all, revision: 0n, isRaw: false, encryptionConfig: undefined, form: "yaml" },
    describe: { path, etcdVersion: undefined },
    hashkv: { path, revision: 0n, etcdVersion: undefined },
    rank: { paths: [path] },
    sealed: { path, keys: [] },
    restore: restoreRequest(path, newDir, { revisionBump: 1000n, targetMinor: "3.6", clearsAlarms: true }),
  };
}

/** Everything of every file and directory but the time of the last reading. */
export function pictureOf(root: string): readonly string[] {
  return ["", ...readdirSync(root, { recursive: true, encoding: "utf8" }).sort()].map((name) => {
    const path = join(root, name);
    const { ino, size, mode, nlink, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    const content = statSync(path).isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
    return [name, ino, size, mode, nlink, mtimeNs, ctimeNs, content].join(" ");
  });
}
