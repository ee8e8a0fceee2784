import assert from "node:assert/strict";
import { test } from "node:test";
import { firstSet, recipient, setWorld, writeSet } from "../../../test/support/set-world.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import type { Invocation } from "../command-spec.ts";
import { neededSetKey, setKeyOf, type KeySources } from "./set-key.ts";

const invocation = {
  options: {},
  cli: { directories: { work: "/" }, signal: new AbortController().signal },
} as unknown as Invocation;

test("setKeyOf: a held key of another set's is none, and the configured passphrase then is, for every verb alike", async () => {
  const world = setWorld();
  const manifest = await writeSet(world.writing, { "/etc/a": Buffer.from("a") }, { recipients: [recipient], passphrase: "correct horse" });
  const sources = (held: Uint8Array | undefined, passphrase?: string): KeySources => ({
    reading: world.reading,
    keys: { readAllDataKeys: () => Promise.resolve(held === undefined ? [] : ([{ key: held, wrapped: [] }] as never)) },
    passphrase: () => Promise.resolve(passphrase),
  });
  const [own] = [...world.keys.dataKeys.values()];
  assert.ok(own !== undefined);
  const other = new Uint8Array(32);
  for (const keyOf of [
    (from: KeySources) => setKeyOf(invocation, from, manifest),
    (from: KeySources) => neededSetKey(invocation, from, firstSet),
  ]) {
    assert.deepEqual(await keyOf(sources(own.key)), { kind: "held", key: own.key, older: [] });
    assert.deepEqual(await keyOf(sources(other, "correct horse")), { kind: "passphrase", passphrase: "correct horse" });
  }
  assert.equal(await setKeyOf(invocation, sources(other), manifest), undefined);
  await assert.rejects(neededSetKey(invocation, sources(other), firstSet), isRecoveryError("USAGE", /holds no key for set 2026/));
});
