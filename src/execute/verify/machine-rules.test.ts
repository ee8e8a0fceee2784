import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import { FakeHostAccess } from "../../../test/support/fake-host-access.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepContext } from "../step-handler.ts";
import type { ExitRule } from "./exit-rule.ts";
import { machineRules } from "./machine-rules.ts";

const { config } = healthyKubeadm3().spareMachine("cp4", 4).build();

/** cp2 was given up, cp4 took its place. */
async function addressRule(options: { readonly holders: readonly string[]; readonly silent?: string }): Promise<ExitRule | undefined> {
  const hostAccess = new FakeHostAccess();
  hostAccess.onScript({ reason: "look at the address" }, (_request, host) => ({
    stdout: options.holders.includes(host) ? "vip\nend\n" : "end\n",
  }));
  if (options.silent !== undefined)
    hostAccess.failWith(asHostName(options.silent), () => new RecoveryError("SSH_UNREACHABLE", { subject: "host", detail: "no answer" }));
  const context = { config, signal: new AbortController().signal, ports: { hostAccess } } as unknown as StepContext;
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
  assert.equal((await addressRule({ holders: ["cp1"], silent: "cp2" }))?.verdict.kind, "holds");
  assert.equal((await addressRule({ holders: [], silent: "cp2" }))?.verdict.kind, "fails");
});
