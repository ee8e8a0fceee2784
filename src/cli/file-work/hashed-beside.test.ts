import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { requestsFor } from "../../../test/support/file-requests.ts";
import { landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { checkBolt } from "../../formats/bbolt/check-bolt.ts";
import { MemoryByteSource } from "../../formats/byte-source.ts";
import { fileTasks, type FileTaskName } from "./file-tasks.ts";
import type { FileContext } from "../../app/files/file-context.ts";

const path = "/backup.db";
const whole = snapshotBytes({ writes });

/** A file that is hashed beside the work, by a thread that gives `hashOf`. */
function hashedBeside(bytes: Uint8Array, hashOf: (part: Uint8Array) => string | undefined) {
  const context = memoryFileContext({ [path]: bytes });
  let waits = 0;
  const { files } = context;
  const open = files.open.bind(files);
  files.open = (name) => ({
    ...open(name),
    startChecks: ({ sizeBytes, structure }) => ({
      wait: () => {
        waits += 1;
        const part = bytes.subarray(0, sizeBytes);
        const sha256 = hashOf(part);
        return sha256 === undefined
          ? undefined
          : { sha256, structure: structure ? checkBolt(new MemoryByteSource(part, name)) : undefined };
      },
    }),
  });
  return { context, waits: () => waits };
}

function answerOf(context: FileContext, verb: FileTaskName): unknown {
  const run = fileTasks[verb] as (context: FileContext, request: unknown, write: () => void) => unknown;
  const request = { ...requestsFor(path, "/new")[verb], clusterToken: "t" };
  try {
    return run(context, request, () => undefined);
  } catch (error) {
    return error;
  }
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const changed = Uint8Array.from(whole, (byte, at) => (at === whole.length - 40 ? byte ^ 1 : byte));
const damagedPage = Uint8Array.from(whole, (byte, at) => (at % 4096 === 8 && at > 2 * 4096 ? byte ^ 0xff : byte));

test("every verb answers the same, whether the content is hashed before the work, beside it, or not at all beside it", () => {
  for (const bytes of [whole, changed, damagedPage])
    for (const verb of ["inspect", "check", "hashkv", "get", "diff", "restore"] as const) {
      const before = memoryFileContext({ [path]: bytes });
      const expected = answerOf(before, verb);
      for (const hashOf of [sha256, () => undefined]) {
        const { context, waits } = hashedBeside(bytes, hashOf);
        assert.deepEqual(answerOf(context, verb), expected, verb);
        // inspect gives up a damaged file without waiting.
        assert.equal(waits(), expected instanceof Error && verb === "inspect" ? 0 : 1, `${verb} waits once`);
        assert.deepEqual([...context.written], [...before.written], verb);
      }
    }
});
