import { findSet } from "../../app/backup/find-set.ts";
import { restorabilityOfSet } from "../../app/backup/list-backups.ts";
import { ageSecondsOf } from "../../catalogue/time-of-set.ts";
import { openSet } from "../../catalogue/set-reader.ts";
import type { BackupPart } from "../../model/backup-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { setDocument } from "../../render/backup-document.ts";
import { backupSetPage } from "../../render/backup-pages.ts";
import { tellPassedOver } from "../backup/chosen-set.ts";
import type { OpenBackup } from "../backup/open-backup.ts";
import { keySourcesOf, neededSetKey } from "../backup/set-key.ts";
import { setName } from "../backup/set-name.ts";
import { withBackup } from "../backup/with-backup.ts";
import { textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { printResult } from "../print-result.ts";
import { isSound, proofSummary, standingOf } from "./backup-list.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    return withBackup(invocation, { isQuiet: true, worksAlone: true }, async ({ app, display, backup }) => {
      const context = { backup: backup.ports, trust: backup.trust, signal: app.signal };
      const { cluster } = app.config;
      const nowMs = app.ports.clock.nowMs();
      const { onPassedOver, passedOver } = tellPassedOver(invocation);
      const found = await findSet(context, { name: setName(invocation, cluster), cluster, nowMs, onPassedOver });
      const restorability = await restorabilityOfSet(context, found, nowMs);
      const files = await filesAsked(invocation, backup, found.id);
      display.stop();
      const { manifest } = found;
      const age = ageSecondsOf(manifest, nowMs);
      const document = setDocument(manifest, {
        store: backup.ports.store.place,
        state: found.kind,
        ...standingOf(found, restorability),
        ageSeconds: age,
        manifestSha256: found.manifestSha256,
        signers: found.signers,
        proof: proofSummary(restorability),
        files,
      });
      printResult(cli, { ...document, passedOver }, () => backupSetPage(document));
      return isSound(restorability) && manifest.marks.length === 0 && age !== undefined ? "done" : "findings";
    });
  },
};

/** Of --host; undefined: it was not given. USAGE where the set has nothing of it, and what opening a set throws. */
async function filesAsked(invocation: Invocation, backup: OpenBackup, id: BackupSetId): Promise<readonly BackupPart[] | undefined> {
  const host = textOption(invocation, "host");
  if (host === undefined) return undefined;
  const { signal } = invocation.cli;
  const sources = keySourcesOf(backup);
  const set = await openSet(sources.reading, id, await neededSetKey(invocation, sources, id), signal);
  try {
    const files = set.parts.filter((part) => part.host === host);
    if (files.length > 0) return files.toSorted((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
    const hosts = [...new Set(set.parts.flatMap((part) => part.host ?? []))];
    throw new RecoveryError("USAGE", {
      subject: "option --host",
      detail: `set ${id} has no files of ${host}; it has files of ${hosts.length === 0 ? "no machine" : hosts.join(", ")}`,
      remedies: [{ why: "see what it has, without a key", command: `requorum backup show ${id}` }],
    });
  } finally {
    set.close();
  }
}
