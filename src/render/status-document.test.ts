import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../test/support/inventory-builder.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import { statusSchema } from "../schemas/output.ts";
import { plainText, type Page } from "./page.ts";
import { statusDocument, type StatusDocument } from "./status-document.ts";
import { statusPage } from "./status-page.ts";
import { toJsonValue } from "./to-json-value.ts";

function statusOf(builder: InventoryBuilder): StatusDocument {
  const inventory = builder.build();
  return statusDocument(inventory, diagnose(inventory));
}

function words(page: Page): string {
  return page
    .map((block) =>
      "text" in block
        ? plainText(block.text)
        : block.kind === "table"
          ? block.rows.map((row) => row.map(plainText).join(" ")).join("\n")
          : block.kind === "command"
            ? block.command
            : "",
    )
    .join("\n");
}

test("statusDocument: a healthy cluster survives one failure and names its leader", () => {
  const status = statusOf(healthyKubeadm3());
  assert.equal(status.verdict, "healthy");
  assert.deepEqual(status.quorum, { voters: 3, needed: 2, healthy: 3, faultTolerance: 1, basis: "linearizable", unknownVoters: 0 });
  assert.equal(status.members.filter((member) => member.isLeader === true).length, 1);
  assert.ok(words(statusPage(status)).startsWith("HEALTHY  3 of 3 voters healthy, 2 needed: survives 1 more failure"));
});

test("statusDocument: an unreachable machine is unknown, neither healthy nor down, and the quorum has nothing to spare", () => {
  const status = statusOf(healthyKubeadm3().hostUnreachable("cp2"));
  assert.equal(status.verdict, "degraded");
  assert.equal(status.quorum?.faultTolerance, 0);
  assert.equal(status.members.find((member) => member.name === "cp2")?.state, "unknown");
  assert.match(words(statusPage(status)), /everything on cp2: no SSH session/);
});

test("statusDocument: an etcd that was late once is unknown and makes nothing degraded", () => {
  const status = statusOf(healthyKubeadm3().rebooted("cp1", 240).etcdLate("cp1").firstLook());
  assert.equal(status.verdict, "unknown");
  assert.equal(status.members.find((member) => member.name === "cp1")?.state, "unknown");
  assert.match(words(statusPage(status)), /^UNKNOWN {2}2 of 3 voters healthy.*1 voter could not be asked/);
  assert.equal(statusOf(healthyKubeadm3().etcdStopped("cp1")).verdict, "degraded");
});

test("statusDocument: two silent machines leave it unknown whether quorum is lost, and it says so", () => {
  const status = statusOf(healthyKubeadm3().hostUnreachable("cp2").hostUnreachable("cp3"));
  assert.equal(status.verdict, "unknown");
  assert.equal(status.quorum?.basis, "believed");
  assert.equal(status.members.find((member) => member.name === "cp1")?.state, "alone");
});

test("statusDocument: two members that are seen to be stopped mean that quorum is lost", () => {
  const status = statusOf(healthyKubeadm3().etcdStopped("cp2").etcdStopped("cp3"));
  assert.equal(status.verdict, "quorum-lost");
  assert.equal(status.quorum?.faultTolerance, -1);
});

test("statusDocument: voters that did not answer this machine do not contradict a list that a quorum has confirmed", () => {
  const silent = {
    kind: "unknown",
    reason: "timeout",
    detail: "no answer within 1000 ms",
    observedAt: "2026-11-21T03:00:00.000Z",
    source: "PB2",
  } as const;
  const status = statusOf(
    healthyKubeadm3()
      .patchHost("cp2", (host) => ({ ...host, etcd: { ...host.etcd, status: silent } }))
      .patchHost("cp3", (host) => ({ ...host, etcd: { ...host.etcd, status: silent } })),
  );
  assert.equal(status.quorum?.healthy, 1);
  assert.equal(status.quorum.faultTolerance, 0);
  assert.match(words(statusPage(status)), /a quorum confirmed the member list, but only 1 of 3 voters answered/);
});

test("statusDocument: every situation gives a document of the published form, field by field", () => {
  const situations = [
    healthyKubeadm3(),
    healthyKubeadm3().hostUnreachable("cp1").hostUnreachable("cp2").hostUnreachable("cp3"),
    healthyKubeadm3().freshMachine("cp3"),
    healthyKubeadm3().foreignCluster("cp2"),
    healthyKubeadm3().unstartedMember("10.150.0.99"),
    healthyKubeadm3().certificatesExpired("cp1"),
  ];
  for (const builder of situations) {
    const json: unknown = toJsonValue(statusOf(builder));
    assert.deepEqual(statusSchema.parse(json), json);
  }
});

test("statusPage: what the first line says of the quorum, the findings and the diagnosis say, too", () => {
  const three = ["cp1", "cp2", "cp3"] as const;
  const each = (change: (builder: InventoryBuilder, host: string) => InventoryBuilder): InventoryBuilder =>
    three.reduce((builder, host) => change(builder, host), healthyKubeadm3());
  const cases: readonly (readonly [InventoryBuilder, RegExp])[] = [
    [
      healthyKubeadm3().hostUnreachable("cp3"),
      /^DEGRADED {2}2 of 3 voters healthy, 2 needed: survives no further failure for certain \(1 voter could not be asked\)$/m,
    ],
    [
      healthyKubeadm3().hostUnreachableFromOperator("cp3"),
      /^UNKNOWN {2}2 of 3 voters healthy, 2 needed: survives no further failure for certain \(1 voter could not be asked\)$/m,
    ],
    [
      each((builder, host) => builder.hostUnreachable(host)),
      /^UNKNOWN {2}no member proves a quorum; 0 of 3 voters answer for themselves, 2 needed \(3 voters could not be asked\)$/m,
    ],
    [
      each((builder, host) => builder.hungRead(host)),
      /^UNKNOWN {2}no member proves a quorum; 3 of 3 voters answer for themselves, 2 needed$/m,
    ],
    [
      healthyKubeadm3().hostUnreachable("cp2").etcdStopped("cp3"),
      /^QUORUM LOST {2}1 of 3 voters answers for itself, 2 needed: quorum is lost, 1 short \(1 voter could not be asked\)$/m,
    ],
    [
      healthyKubeadm3().etcdStopped("cp2").etcdStopped("cp3"),
      /^QUORUM LOST {2}1 of 3 voters answers for itself, 2 needed: quorum is lost, 1 short$/m,
    ],
    [each((builder, host) => builder.etcdStopped(host)).withoutLastSeen(), /^QUORUM LOST {2}too many of the configured etcd machines/m],
    [healthyKubeadm3().foreignCluster("cp2"), /^UNKNOWN {2}more than one etcd cluster answers/m],
  ];
  for (const [builder, first] of cases) {
    const inventory = builder.build();
    const diagnosis = diagnose(inventory);
    const status = statusDocument(inventory, diagnosis);
    assert.match(words(statusPage(status)), first);
    assert.equal(status.quorum?.faultTolerance, status.quorum === undefined ? undefined : diagnosis.faultTolerance);
    const saysLost = status.findings.some((finding) => finding.summary.startsWith("Quorum is lost"));
    if (saysLost) assert.equal(status.verdict, "quorum-lost");
    if (status.verdict === "quorum-lost") assert.ok((status.quorum?.faultTolerance ?? -1) < 0);
    else assert.ok((status.quorum?.faultTolerance ?? 0) >= 0);
    assert.deepEqual(statusSchema.parse(toJsonValue(status)), toJsonValue(status));
  }
});
