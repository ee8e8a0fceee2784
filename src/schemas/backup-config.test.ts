import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../model/recovery-error.ts";
import { readClusterConfig } from "./config.ts";

const recipient = `age1${"q".repeat(58)}`;
const withBackup = (lines: string): string =>
  `apiVersion: requorum/v1\ncluster: prod\nhosts: [{ name: cp1, address: 10.0.0.11 }]\nbackup:\n${lines.replaceAll(/^/gm, "  ")}\n`;
const read = (lines: string) => readClusterConfig(withBackup(lines), "/etc/requorum/requorum.yaml").backup;

function problemOf(lines: string): string {
  try {
    read(lines);
  } catch (error) {
    assert.ok(error instanceof RecoveryError);
    return error.detail;
  }
  return "";
}

test("backup: what is left out gets its default, and paths are relative to the file", () => {
  assert.deepEqual(read(`store: sets\nrecipients: [${recipient}]`), {
    store: "/etc/requorum/sets",
    recipients: [recipient],
    signers: [],
    source: "follower",
    retention: { last: 7, daily: 14, weekly: 8, monthly: 6, neverBelow: 3 },
  });
  assert.deepEqual(
    read(
      "store: s3://bucket/prefix\npassphraseFile: ~/passphrase\nsource: leader\nretention: { last: 1, neverBelow: 2 }\ns3: { endpoint: https://minio:9000, caFile: ca.pem }",
    ),
    {
      store: "s3://bucket/prefix",
      recipients: [],
      passphraseFile: "~/passphrase",
      signers: [],
      source: "leader",
      retention: { last: 1, daily: 14, weekly: 8, monthly: 6, neverBelow: 2 },
      s3: { endpoint: "https://minio:9000", caFile: "/etc/requorum/ca.pem", pathStyle: true, objectLockDays: 0 },
    },
  );
  const { acceptFrom, externalCa } = JSON.parse(
    JSON.stringify(read(`store: sets\nrecipients: [${recipient}]\nacceptFrom: 20261122-031500-k3x9qa\nexternalCa: true`)),
  ) as { acceptFrom?: string; externalCa?: boolean };
  assert.deepEqual([acceptFrom, externalCa], ["20261122-031500-k3x9qa", true]);
});

test("backup: a section that nobody could open a set of, an unknown key and another kind of store are told with their place", () => {
  assert.match(problemOf("store: sets"), /:5:3: backup has neither recipients nor a passphraseFile/);
  assert.match(problemOf(`store: sets\nrecipient: [${recipient}]`), /did you mean recipients\?/);
  assert.match(
    problemOf(`store: sets\nrecipients: [${recipient}]\nretention: { lst: 3 }`),
    /"lst" is not known in backup\.retention; did you mean last\?/,
  );
  assert.match(
    problemOf(`store: ftp://nas/sets\nrecipients: [${recipient}]`),
    /expected a directory, s3:\/\/BUCKET\/PREFIX or ssh:\/\/HOST\/PATH/,
  );
});

test("backup: a secret key in the place of a recipient is not repeated", () => {
  const said = problemOf(`store: sets\nrecipients: [AGE-SECRET-KEY-1${"Q".repeat(58)}]`);
  assert.match(said, /backup\.recipients\[0\] is a secret key; expected an age recipient/);
  assert.doesNotMatch(said, /QQQ/);
});

test("backup: what a scheduled backup does and whom it tells; a webhook has one address, over TLS, and metrics end in .prom", () => {
  const base = `store: sets\nrecipients: [${recipient}]\n`;
  const full = read(
    `${base}schedule: { verify: V4, prune: plan }\nmetrics: { textfile: metrics/backup.prom }\nwebhook: { urlFile: ~/hook, caFile: ca.pem }`,
  );
  assert.deepEqual(
    [full?.schedule, full?.metrics, full?.webhook],
    [
      { verify: "V4", reverify: "V1", prune: "plan" },
      { textfile: "/etc/requorum/metrics/backup.prom" },
      { urlFile: "~/hook", caFile: "/etc/requorum/ca.pem" },
    ],
  );
  assert.deepEqual(read(`${base}schedule: {}`)?.schedule, { verify: "V3", reverify: "V1", prune: "off" });
  assert.equal(read(`${base}schedule: { reverify: off }`)?.schedule?.reverify, "off");
  assert.match(problemOf(`${base}webhook: { url: "http://hooks.example/x" }`), /https:\/\/HOST\/PATH/);
  assert.match(problemOf(`${base}webhook: {}`), /either url or urlFile/);
  assert.match(problemOf(`${base}webhook: { url: "https://h/x", urlFile: f }`), /not both/);
  assert.match(problemOf(`${base}webhook: { uri: x, urlFile: f }`), /did you mean url/);
  assert.match(problemOf(`${base}metrics: { textfile: backup.txt }`), /\.prom/);
  assert.match(problemOf(`${base}schedule: { verify: V9 }`), /V0, V1/);
});
