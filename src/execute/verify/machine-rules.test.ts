import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import { FakeHostAccess } from "../../../test/support/fake-host-access.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { ErrorCode } from "../../model/error-catalogue.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError, type Contact } from "../../model/recovery-error.ts";
import type { StepContext } from "../step-handler.ts";
import type { ExitRule } from "./exit-rule.ts";
import { machineRules } from "./machine-rules.ts";

const { config } = healthyKubeadm3().spareMachine("cp4", 4).build();

/** cp2 was given up, cp4 took its place. */
async function addressRule(options: {
  readonly holders: readonly string[];
  readonly failing?: { readonly host: string; readonly code: ErrorCode; readonly contact?: Contact };
  readonly neighboursHear?: string;
}): Promise<ExitRule | undefined> {
  const hostAccess = new FakeHostAccess();
  hostAccess.onScript({ reason: "look at the address" }, (_request, host) => ({
    stdout: options.holders.includes(host) ? "vip\nend\n" : "end\n",
  }));
  hostAccess.onScript({ reason: "look whether a machine said to be lost is silent" }, (request) => ({
    stdout: [...(request.args ?? []).slice(1).map((at) => `reach ${at} ${options.neighboursHear ?? "unknown"}`), "end"].join("\n"),
  }));
  const { failing } = options;
  if (failing !== undefined) {
    const { code, contact } = failing;
    const makeError = () => new RecoveryError(code, { subject: "host", detail: "as said", ...(contact === undefined ? {} : { contact }) });
    hostAccess.failWith(asHostName(failing.host), makeError);
  }
  const context = { config, signal: new AbortController().signal, ports: { hostAccess, clock: new FakeClock() } } as unknown as StepContext;
  const hosts = config.hosts.filter((host) => host.name !== "cp2");
  return (await machineRules({ context, members: [], hosts, apiServers: hosts })).at(-1);
}

test("machineRules: a machine that was given up and lives must not hold the address, alone or beside another", async () => {
  for (const holders of [["cp2"], ["cp1", "cp2"]]) {
    const rule = await addressRule({ holders });
    assert.match(rule?.rule ?? "", /^exactly one machine holds /);
    assert.match(JSON.stringify(rule?.verdict), /"fails".*cp2 holds it.*systemctl disable --now keepalived/);
  }
});

test("machineRules: a machine that was given up and is silent is not waited for", async () => {
  const failing = { host: "cp2", code: "SSH_UNREACHABLE", contact: "none" } as const;
  assert.equal((await addressRule({ holders: ["cp1"], failing }))?.verdict.kind, "holds");
  assert.equal((await addressRule({ holders: [], failing }))?.verdict.kind, "fails");
});

test("machineRules: a machine that was given up, answers and cannot be looked at may hold the address too", async () => {
  for (const failing of [
    { host: "cp2", code: "SSH_AUTH_FAILED" },
    { host: "cp2", code: "SSH_HOST_KEY_CHANGED" },
    { host: "cp2", code: "SSH_UNREACHABLE", contact: "some" },
    { host: "cp2", code: "REMOTE_COMMAND_FAILED" },
  ] as const) {
    const verdict = (await addressRule({ holders: ["cp1"], failing }))?.verdict;
    assert.match(JSON.stringify(verdict), new RegExp(`"unknown".*held by a second machine too.*cp2: ${failing.code}`));
    assert.equal((await addressRule({ holders: [], failing }))?.verdict.kind, "fails");
  }
});

test("machineRules: where SSH cannot tell whether the machine is silent (its whole network is gone), its neighbours do", async () => {
  const failing = { host: "cp2", code: "SSH_UNREACHABLE" } as const;
  const heard = async (neighboursHear: string) => (await addressRule({ holders: ["cp1"], failing, neighboursHear }))?.verdict.kind;
  assert.deepEqual(await Promise.all(["silent", "refused", "open", "unknown"].map(heard)), ["holds", "unknown", "unknown", "unknown"]);
});
