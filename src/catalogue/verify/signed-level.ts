import { toHex } from "../../formats/backup-set/byte-text.ts";
import type { SetCiphers } from "../../formats/backup-set/set-ciphers.ts";
import { indexName, packName } from "../../formats/backup-set/set-names.ts";
import type { StoredObjectRef } from "../../model/backup-set.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import { inTurns } from "../in-turns.ts";
import { isTrustedBy, type SetTrust } from "../set-signing.ts";
import { counted, failed, judgedOfRead, notTried, readProblemOf, type LevelResult, type ReadProblem } from "./level-result.ts";
import type { StoredSet } from "./stored-level.ts";

/** Packs of 16 MiB: the next one comes while one is hashed. */
const readsAtOnce = 2;

/**
 * V1: the manifest is signed by a key that is known here, and every byte that
 * it names is the one that was written. Needs no key of the set. What the store
 * does not give is neither: it is not known then.
 */
export async function proveSigned(
  {
    store,
    ciphers,
    trust,
    report,
  }: { readonly store: BackupStore; readonly ciphers: SetCiphers; readonly trust: SetTrust; readonly report: ReportProgress },
  { manifest, signers }: StoredSet,
  signal: AbortSignal,
): Promise<LevelResult> {
  if (signers.length === 0)
    return failed(["the signature does not fit the manifest: it was changed after it was signed, or nobody signed it"]);
  if (!isTrustedBy(signers, trust))
    // Nothing that the set says, and nothing of it was read: `unknown` is only what the store did not give.
    return notTried(
      `the manifest is signed by ${signers.join(", ")}, which is not among the known keys: somebody else made this set, or signed it anew. If that is the key of a machine that makes backups of yours, compare it there, and add it to \`backup.signers\` of the configuration, or give it as --trust-signer`,
    );
  const objects = [
    { name: indexName(manifest.index.sha256), ref: manifest.index },
    ...manifest.packs.map((ref) => ({ name: packName(ref.sha256), ref })),
  ];
  const total = objects.reduce((sum, { ref }) => sum + ref.sizeBytes, 0);
  let done = 0;
  const problems = await inTurns(objects, readsAtOnce, async ({ name, ref }) => {
    const problem = await contentProblem({ store, ciphers }, { name, ref }, signal);
    done += ref.sizeBytes;
    report({ kind: "bytes", text: "comparing what is stored with its hashes", done: BigInt(done), total: BigInt(total) });
    return problem;
  });
  return judgedOfRead(
    problems.filter((problem) => problem !== undefined),
    [
      `signed by ${signers.join(", ")}`,
      `${counted(objects.length, "object")} with ${String(total)} bytes have the sha256 that the manifest names`,
    ],
  );
}

async function contentProblem(
  { store, ciphers }: { readonly store: BackupStore; readonly ciphers: SetCiphers },
  { name, ref }: { readonly name: string; readonly ref: StoredObjectRef },
  signal: AbortSignal,
): Promise<ReadProblem | undefined> {
  try {
    // Its size was compared in the level below; more than that is never asked for.
    const actual = toHex(ciphers.sha256(await store.get(name, { offset: 0, length: ref.sizeBytes }, { signal })));
    return actual === ref.sha256 ? undefined : { words: `${name} is not what was written: its sha256 is ${actual}`, isUnread: false };
  } catch (error) {
    return readProblemOf(name, error);
  }
}
