import assert from "node:assert/strict";
import { test } from "node:test";
import { asClusterId, asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { KeyValue } from "../../ports/etcd-client.ts";
import type { StepContext } from "../step-handler.ts";
import { compareBaseline } from "./baseline.ts";

const before = ["/registry/jobs/default/backup-29384", "/registry/events/default/old", "/registry/configmaps/default/a"];
const now = ["/registry/configmaps/default/a", "/registry/jobs/default/backup-29385"];
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A run with a record at revision 100, and an etcd whose history at 100 is compacted away, or is `history`. */
function after(cluster: {
  readonly clusterId: string;
  /** When the keys were last changed, in the order of `now`. */
  readonly changedAt?: readonly bigint[];
  readonly history?: readonly string[];
}): StepContext {
  const changedAt = cluster.changedAt ?? [80n, 150n];
  const record = `${JSON.stringify({ revision: "100" })}\n${before.map((key) => `${JSON.stringify(key)}\n`).join("")}`;
  const client = {
    close: () => Promise.resolve(),
    status: () => Promise.resolve({ clusterId: asClusterId(cluster.clusterId), revision: 200n }),
    range: (
      query: { readonly revision?: bigint },
      _call: unknown,
      onPage: (page: readonly Pick<KeyValue, "key" | "modRevision">[]) => void,
    ) => {
      if (query.revision === 100n && cluster.history !== undefined) {
        onPage(cluster.history.map((key) => ({ key: encode(key), modRevision: 80n })));
        return Promise.resolve();
      }
      if (query.revision === 100n)
        return Promise.reject(
          new RecoveryError("ETCD_REFUSED", { subject: "etcd", detail: "etcdserver: mvcc: required revision has been compacted" }),
        );
      onPage(now.map((key, index) => ({ key: encode(key), modRevision: changedAt[index] ?? 0n })));
      return Promise.resolve();
    },
  };
  return {
    signal: new AbortController().signal,
    run: "r",
    plan: { fingerprint: { clusterId: asClusterId("abc") } },
    ports: {
      runs: { statArtifact: () => Promise.resolve({}), readArtifact: () => Promise.resolve(encode(record)) },
      etcd: { dial: () => Promise.resolve(client) },
    },
  } as unknown as StepContext; // only what the comparison asks for
}
const compare = (context: StepContext) =>
  compareBaseline({ context, hosts: [{ name: asHostName("cp1"), address: "10.0.0.1", roles: [] }], members: [], apiServers: [] });

test("compareBaseline: what is gone from a history that went on was deleted, also when it was compacted since", async () => {
  const { rule, comparison } = await compare(after({ clusterId: "abc" }));
  assert.equal(rule.verdict.kind, "holds");
  assert.equal(comparison?.lost, 0);
  assert.deepEqual(comparison.goneAfterCompaction, ["/registry/jobs/default/backup-29384"]);
  assert.deepEqual(comparison.deletedSince, ["/registry/events/default/old"]);
});

test("compareBaseline: in another cluster, or in another history of its own, what is gone is lost", async () => {
  for (const cluster of [
    { clusterId: "def" },
    // A copy from before the record that went on by itself: it wrote backup-29385 at a revision that the record covers.
    { clusterId: "abc", changedAt: [80n, 100n] },
  ]) {
    const { rule, comparison } = await compare(after(cluster));
    assert.equal(rule.verdict.kind, "fails");
    assert.equal(comparison?.lost, 1);
    assert.deepEqual(comparison.goneAfterCompaction, []);
  }
});

test("compareBaseline: an object as old as the record that is not in it gives another history away, also where none is missing", async () => {
  const history = [...before, "/registry/jobs/default/backup-29385"];
  const { rule, comparison } = await compare(after({ clusterId: "abc", changedAt: [80n, 90n], history }));
  assert.equal(comparison?.lost, 0);
  assert.ok(rule.verdict.kind === "fails");
  assert.match(rule.verdict.because.join(), /1 objects are as old as the record and not in it.*backup-29385/);
  assert.equal((await compare(after({ clusterId: "abc", history: before }))).rule.verdict.kind, "holds");
});
