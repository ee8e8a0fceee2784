import type { OpenSet } from "../../catalogue/set-reader.ts";
import type { LevelResult } from "../../catalogue/verify/level-result.ts";
import { judgeStructure } from "../../catalogue/verify/structure-level.ts";
import type { SealedFacts } from "../../model/sealed-facts.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import type { SealedDirectory } from "../../ports/sealed-spool.ts";
import { readSetContent, type SetContent } from "./read-set-content.ts";
import { readEncryption, type ReadEncryption } from "./set-evidence.ts";
import type { VerifyContext } from "./verify-context.ts";

/** What V2 has read, for the levels above it. */
export interface OpenedContent {
  readonly set: OpenSet;
  readonly content: SetContent;
  readonly spool: SealedDirectory;
  readonly snapshotPath: string;
  readonly description: SnapshotDescription;
  readonly encryption: ReadEncryption;
  readonly sealed: SealedFacts;
}

/** Reads all of it, and judges V2. `opened` only when the snapshot can be read at all. */
export async function openContent(
  context: VerifyContext,
  set: OpenSet,
  spool: SealedDirectory,
): Promise<{ readonly result: LevelResult; readonly opened: OpenedContent | undefined }> {
  const { engine } = context.backup;
  const content = await readSetContent(context, set, spool);
  const evidence = { manifest: set.manifest, partCount: set.parts.length, ...content };
  const { snapshotPath } = content;
  if (snapshotPath === undefined) return { result: judgeStructure({ ...evidence, snapshot: undefined }), opened: undefined };
  const reading = spool.reading();
  context.report({ kind: "phase", text: "checking the snapshot" });
  const check = await engine.check(reading, { path: snapshotPath });
  const isReadable = check.verdict !== "damaged";
  const description = isReadable
    ? await engine.describe(reading, { path: snapshotPath, etcdVersion: set.manifest.cluster.etcdVersion })
    : undefined;
  const result = judgeStructure({ ...evidence, snapshot: { check, description } });
  if (description === undefined) return { result, opened: undefined };
  const encryption = readEncryption(context, content.texts);
  const sealed = await engine.sealed(reading, { path: snapshotPath, keys: encryption.keys });
  return { result, opened: { set, content, spool, snapshotPath, description, encryption, sealed } };
}
