import assert from "node:assert/strict";
import { test } from "node:test";
import { planAddresses, type MachinePlan } from "../address-plan.ts";
import { markPath, renderMachineFiles } from "./render-machine-files.ts";

const plan = planAddresses(0, { controlPlanes: 3, workers: 1, etcdMachines: 0, spares: 0 });

function filesOf(machine: MachinePlan): ReadonlyMap<string, string> {
  return new Map(renderMachineFiles({ lab: "dev", machine, plan }).map((file) => [file.path, file.content]));
}

function machineNamed(name: string): MachinePlan {
  const machine = plan.machines.find((candidate) => candidate.name === name);
  assert.ok(machine);
  return machine;
}

test("renderMachineFiles: every machine carries the mark of its lab", () => {
  for (const machine of plan.machines) assert.match(filesOf(machine).get(markPath) ?? "", /^lab=dev$/m);
});

test("renderMachineFiles: haproxy asks each API server for /readyz and does not use ssl-hello-chk", () => {
  const haproxy = filesOf(machineNamed("cp1")).get("/etc/haproxy/haproxy.cfg") ?? "";
  assert.match(haproxy, /option httpchk GET \/readyz/);
  assert.match(haproxy, /http-check expect status 200/);
  assert.doesNotMatch(haproxy, /ssl-hello-chk/);
  for (const octet of ["11", "12", "13"]) assert.ok(haproxy.includes(`10.150.0.${octet}:6443 check check-ssl verify none`));
});

test("renderMachineFiles: keepalived's priorities differ and a dead haproxy gives up the address", () => {
  const configs = ["cp1", "cp2", "cp3"].map((name) => filesOf(machineNamed(name)).get("/etc/keepalived/keepalived.conf") ?? "");
  assert.equal(new Set(configs.map((config) => /priority (\d+)/.exec(config)?.[1])).size, 3);
  for (const config of configs) {
    assert.match(config, /track_script/);
    assert.doesNotMatch(config, /weight/);
  }
});

test("renderMachineFiles: a worker has neither haproxy nor keepalived configured", () => {
  const files = filesOf(machineNamed("worker1"));
  assert.equal(files.has("/etc/haproxy/haproxy.cfg"), false);
  assert.equal(files.has("/etc/keepalived/keepalived.conf"), false);
});

test("renderMachineFiles: a machine knows the pod route of every other, and not its own", () => {
  const network = filesOf(machineNamed("cp1")).get("/etc/systemd/network/10-host0.network") ?? "";
  assert.match(network, /Destination=10\.100\.12\.0\/24\nGateway=10\.150\.0\.12/);
  assert.doesNotMatch(network, /Destination=10\.100\.11\.0/);
});
