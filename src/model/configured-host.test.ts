import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { configuredHost } from "./configured-host.ts";
import { asHostName } from "./ids.ts";

test("configuredHost: the host of that name, or a usage error that tells which names there are", () => {
  const hosts = ["cp1", "cp2"].map((name) => ({ name: asHostName(name), address: `${name}.test`, roles: [] }));
  assert.equal(configuredHost({ hosts }, "cp2"), hosts[1]);
  assert.throws(() => configuredHost({ hosts }, "cp3"), isRecoveryError("USAGE", /known: cp1, cp2$/));
});
