import assert from "node:assert/strict";
import { test } from "node:test";
import { cli } from "../../../test/support/captured-cli.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { backupReadSpecs } from "../specs/backup-read-specs.ts";
import { withSameDiff } from "./backup-diff.ts";

test("backup diff SET live: where the cluster gives no state of its own, the same diff with one member's is named", async () => {
  const noQuorum = new RecoveryError("ETCD_UNREACHABLE", {
    subject: "source live",
    detail: "no member gave a snapshot",
    remedies: [
      { why: "see which members answer", command: "requorum status" },
      { why: "take the own state of the member on cp2", command: "requorum snapshot inspect live://cp2" },
    ],
  });
  const table = backupReadSpecs.map((spec) => ({
    ...spec,
    load: () =>
      Promise.resolve({
        run: (invocation: Parameters<typeof withSameDiff>[1]) =>
          Promise.reject(noQuorum).catch((error: unknown) => {
            throw withSameDiff(error, invocation);
          }),
      }),
  }));
  const { err } = await cli(["backup", "diff", "latest", "live", "--namespace", "shop", "-o", "json"], { table });
  const { error } = JSON.parse(err) as { readonly error: { readonly remedies: readonly { readonly command: string }[] } };
  assert.match(error.remedies[0]?.command ?? "", /^requorum status/);
  assert.match(error.remedies[1]?.command ?? "", /^requorum backup diff latest live:\/\/cp2 --namespace shop/);
});
