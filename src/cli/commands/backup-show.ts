import { findSet } from "../../app/backup/find-set.ts";
import { restorabilityOfSet } from "../../app/backup/list-backups.ts";
import { setDocument } from "../../render/backup-document.ts";
import { backupSetPage } from "../../render/backup-pages.ts";
import { setName } from "../backup/set-name.ts";
import { withBackup } from "../backup/with-backup.ts";
import type { CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";
import { ageSeconds, isSound, proofSummary, standingOf } from "./backup-list.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    return withBackup(invocation, { isQuiet: true, worksAlone: true }, async ({ app, display, backup }) => {
      const context = { backup: backup.ports, trust: backup.trust, signal: app.signal };
      const found = await findSet(context, { name: setName(invocation, app.config.cluster), cluster: app.config.cluster });
      const nowMs = app.ports.clock.nowMs();
      const restorability = await restorabilityOfSet(context, found, nowMs);
      display.stop();
      const { manifest } = found;
      const document = setDocument(manifest, {
        store: backup.ports.store.place,
        state: found.kind,
        ...standingOf(found, restorability),
        ageSeconds: ageSeconds(manifest.createdAt, nowMs),
        manifestSha256: found.manifestSha256,
        signers: found.signers,
        proof: proofSummary(restorability),
      });
      printResult(cli, document, () => backupSetPage(document));
      return isSound(restorability) && manifest.marks.length === 0 ? "done" : "findings";
    });
  },
};
