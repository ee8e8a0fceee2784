import { proofLevels, type BackupProof, type ProofOutcome } from "../../model/backup-set.ts";
import { asBackupSetId, type BackupSetId } from "../../model/ids.ts";
import { utf8 } from "./byte-text.ts";
import { JsonFields, jsonOfBytes } from "./json-fields.ts";
import { setDamaged } from "./set-errors.ts";
import { backupApiVersion } from "./signed-document.ts";

/** Reasons of one level: a cluster with that many different faults needs no longer list. */
const reasonsMax = 10_000;
const verdicts: readonly ProofOutcome["verdict"][] = ["holds", "fails", "not-tried", "unknown"];

/** The payload of a signed proof. BACKUP_SET_DAMAGED. `id`: the one of the folder that it lies in. */
export function parseProof(payload: string, id: BackupSetId): BackupProof {
  const failure = (where: string, what: string) => setDamaged(id, where === "" ? "proof" : `proof: ${where}`, what);
  const fields = new JsonFields(jsonOfBytes(utf8(payload), failure), "", failure);
  if (fields.text("apiVersion") !== backupApiVersion) throw failure("apiVersion", `expected ${backupApiVersion}`);
  fields.oneOf("kind", ["BackupProof"]);
  const set = fields.branded("set", asBackupSetId);
  if (set !== id) throw failure("set", `it is the proof of ${set}, beside ${id}`);
  const drill = fields.has("drill") ? fields.object("drill") : undefined;
  return {
    apiVersion: backupApiVersion,
    kind: "BackupProof",
    set,
    manifestSha256: fields.sha256("manifestSha256"),
    at: fields.matching("at", /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}Z$/, "a time, ISO 8601 in UTC"),
    by: fields.text("by"),
    program: fields.text("program"),
    outcomes: fields.objects("outcomes", proofLevels.length, (entry) => ({
      level: entry.oneOf("level", proofLevels),
      verdict: entry.oneOf("verdict", verdicts),
      because: entry.texts("because", reasonsMax),
      tookMs: entry.count("tookMs"),
    })),
    drill:
      drill === undefined
        ? undefined
        : { etcdReadyMs: drill.count("etcdReadyMs"), apiReadyMs: drill.has("apiReadyMs") ? drill.count("apiReadyMs") : undefined },
  };
}
