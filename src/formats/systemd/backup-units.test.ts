import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { backupUnits, credentialPlace, signedUnit, unitOrigin, type BackupUnitFacts } from "./backup-units.ts";

const facts: BackupUnitFacts = {
  cluster: "prod",
  scope: "system",
  command: [
    "/opt/my node/bin/node",
    "/opt/100%/requorum.js",
    "--config",
    '/etc/$HOME/a"b.yaml',
    "backup",
    "run",
    "--credential",
    credentialPlace,
  ],
  environment: { HOME: "/root" },
  writable: ["/root/.local/state/requorum", "/srv/backup sets"],
  passphraseFile: "/etc/requorum/passphrase",
  runSecondsMax: 3600,
  when: { kind: "calendar", expression: "*-*-* 03:00" },
};
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

test("backupUnits: nothing in a path is taken for a quote, a specifier, a variable or another setting", () => {
  const [{ name, text }] = backupUnits(facts);
  assert.equal(name, "requorum-backup-prod.service");
  assert.ok(
    text.includes(
      'ExecStart="/opt/my node/bin/node" "/opt/100%%/requorum.js" "--config" "/etc/$$HOME/a\\"b.yaml" "backup" "run" "--credential" "${CREDENTIALS_DIRECTORY}/requorum"\n',
    ),
    text,
  );
  assert.throws(() => backupUnits({ ...facts, writable: ["/srv\nExecStartPre=/bin/rm"] }), isRecoveryError("USAGE"));
});

test("backupUnits: the service of the system is hardened, may write where sets and state lie, and is not cut off from the network", () => {
  const [{ text }] = backupUnits(facts);
  for (const line of [
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "PrivateTmp=yes",
    "UMask=0077",
    "LimitCORE=0",
    "Nice=10",
    "TimeoutStartSec=3600s",
    "LoadCredential=requorum:/etc/requorum/passphrase",
    'ReadWritePaths="-/srv/backup sets"',
  ])
    assert.ok(text.includes(`${line}\n`), line);
  assert.doesNotMatch(text, /^(?:PrivateNetwork|RestrictAddressFamilies|IPAddress)/m);
});

test("backupUnits: sets below /tmp are not put into a /tmp that goes with the service", () => {
  const [{ text }] = backupUnits({ ...facts, writable: ["/var/tmp/sets"] });
  assert.doesNotMatch(text, /^PrivateTmp=/m);
});

test("backupUnits: a user's service has no mount namespace, in which ssh would refuse its own configuration", () => {
  const [{ text }] = backupUnits({ ...facts, scope: "user", passphraseFile: undefined });
  assert.doesNotMatch(text, /^(?:ProtectSystem|PrivateTmp|ReadWritePaths|LoadCredential)=/m);
  assert.match(text, /^NoNewPrivileges=yes$/m);
});

test("backupUnits: what a calendar's timer missed is made up for; an interval begins when the machine is up", () => {
  const [, calendar] = backupUnits(facts);
  assert.match(calendar.text, /^OnCalendar=\*-\*-\* 03:00$/m);
  assert.match(calendar.text, /^Persistent=yes$/m);
  const [, every] = backupUnits({ ...facts, when: { kind: "every", seconds: 21600 } });
  assert.match(every.text, /^OnActiveSec=120s\nOnUnitActiveSec=21600s$/m);
});

test("unitOrigin: what was written is known again, changed by one letter it is changed, and anything else is somebody else's", () => {
  const text = signedUnit(backupUnits(facts)[0].text, sha256);
  assert.equal(unitOrigin(text, sha256), "ours");
  assert.equal(unitOrigin(text.replace("Nice=10", "Nice=11"), sha256), "changed");
  assert.equal(unitOrigin("[Service]\nExecStart=/bin/true\n", sha256), "foreign");
});
