import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { AgeKeyWrapping } from "./age-key-wrapping.ts";

const wrapping = new AgeKeyWrapping({ passphraseWorkFactor: 4 });
const content = new TextEncoder().encode("32 bytes as text");
const opened = async (armored: string, ...identities: readonly string[]) =>
  new TextDecoder().decode(await wrapping.unwrap(armored, { kind: "identities", identities }));

test("each of several recipients opens it, with any other identities beside", async () => {
  const [anna, bob, eve] = [await wrapping.newIdentity(), await wrapping.newIdentity(), await wrapping.newIdentity()];
  const armored = await wrapping.wrapForRecipients([anna.recipient, bob.recipient], content);
  assert.match(armored, /^-----BEGIN AGE ENCRYPTED FILE-----\n/);
  assert.equal(await opened(armored, anna.identity), "32 bytes as text");
  assert.equal(await opened(armored, eve.identity, bob.identity), "32 bytes as text");
  await assert.rejects(opened(armored, eve.identity), isRecoveryError("BACKUP_KEY_WRONG", /not sealed for the given identity/));
  await assert.rejects(opened(armored, eve.identity, eve.identity), isRecoveryError("BACKUP_KEY_WRONG", /any of the 2 given/));
  await assert.rejects(wrapping.unwrap(armored, { kind: "passphrase", passphrase: "x" }), isRecoveryError("BACKUP_KEY_WRONG"));
});

test("a passphrase opens what it closed, another one does not, an empty one is none", async () => {
  const armored = await wrapping.wrapForPassphrase("correct horse", content);
  assert.equal(
    new TextDecoder().decode(await wrapping.unwrap(armored, { kind: "passphrase", passphrase: "correct horse" })),
    "32 bytes as text",
  );
  await assert.rejects(
    wrapping.unwrap(armored, { kind: "passphrase", passphrase: "correct hors" }),
    isRecoveryError("BACKUP_KEY_WRONG", /another passphrase/),
  );
  await assert.rejects(wrapping.wrapForPassphrase("", content), isRecoveryError("BACKUP_KEY_INVALID", /empty/));
});

test("what is no recipient or no identity is refused, and a secret put in its place is not repeated", async () => {
  const { identity, recipient } = await wrapping.newIdentity();
  const armored = await wrapping.wrapForRecipients([recipient], content);
  const flipped = `${recipient.slice(0, -1)}${recipient.endsWith("q") ? "p" : "q"}`;
  for (const bad of [identity, "ssh-ed25519 AAAA", "", flipped, `${recipient}x`, "age1pq1qqq"])
    await assert.rejects(wrapping.wrapForRecipients([bad], content), (error) => {
      assert.ok(error instanceof RecoveryError && error.code === "BACKUP_KEY_INVALID", String(error));
      assert.ok(!error.message.includes(identity));
      return true;
    });
  await assert.rejects(wrapping.wrapForRecipients([], content), isRecoveryError("BACKUP_KEY_INVALID"));
  const typo = `${identity.slice(0, -1)}${identity.endsWith("Q") ? "P" : "Q"}`;
  for (const bad of [typo, recipient, ""])
    await assert.rejects(opened(armored, bad), (error) => {
      assert.ok(error instanceof RecoveryError && error.code === "BACKUP_KEY_INVALID", String(error));
      assert.ok(!`${error.message}${String(error.cause)}`.includes(identity.slice(20, 50)));
      return true;
    });
});

test("a damaged age file is told from a wrong key", async () => {
  const { identity, recipient } = await wrapping.newIdentity();
  const armored = await wrapping.wrapForRecipients([recipient], content);
  const lines = armored.split("\n");
  for (const damaged of ["", "x", armored.slice(0, 60), lines.toSpliced(-3, 1, (lines.at(-3) ?? "").replace(/[A-Z]/, "?")).join("\n")])
    await assert.rejects(opened(damaged, identity), isRecoveryError("BACKUP_KEY_INVALID", /damaged/), damaged);
});
