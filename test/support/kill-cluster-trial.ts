import { Client, credentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openDataDir } from "../../src/formats/etcd/data-dir/data-dir.ts";
import { openMvcc } from "../../src/formats/etcd/mvcc/open-mvcc.ts";
import { readMemberState } from "../../src/formats/etcd/replay/member-state.ts";
import { etcdUnaryCall } from "./etcd-unary-call.ts";
import { loadUntilGone, newLedger, type EtcdCalls } from "./kill-load.ts";
import { localDataDir } from "./kill-trial.ts";
import { exactVersion, type EngineVersion } from "./plain-etcd.ts";
import { RestoredCluster } from "./restored-cluster.ts";
import { seededRandom } from "./seeded-random.ts";

/** Of one member's data dir, after all were killed at once under load on the leader. */
export interface MemberLoss {
  readonly isLeader: boolean;
  /** Acknowledged writes that are not in our replay of this dir; a follower may not have been sent them. */
  readonly missingFromReplay: number;
  /** Those that an etcd started on a copy of it with `--force-new-cluster` does not serve. */
  readonly missingFromForcedStart: number;
  readonly uncertainCount: number;
  readonly lastIndex: bigint;
}

export interface ClusterTrial {
  readonly acknowledged: number;
  readonly members: readonly MemberLoss[];
}

const callTimeoutMs = 20_000;

/** Three members, killed at once at a random moment. The member with the longest log must have every acknowledged write. */
export async function killClusterTrial(version: EngineVersion, directory: string, seed: number): Promise<ClusterTrial> {
  const random = seededRandom(seed);
  const cluster = await RestoredCluster.plan({ version, directory, memberCount: 3, token: `trial-${String(seed)}` });
  const ledger = newLedger();
  const leader = await cluster.whileRunning(async (running) => {
    const leading = await running.leader();
    const leaderCalls = callsTo(version, leading.clientPort);
    let isGone = false;
    const load = loadUntilGone(leaderCalls.calls, ledger, { seed, isGone: () => isGone });
    await sleep(500 + random() * 1500);
    const killed = running.killAll();
    leaderCalls.close();
    isGone = true;
    await killed;
    await load;
    return leading.name;
  });
  const members: MemberLoss[] = [];
  for (const { name, dataDir } of cluster.members) {
    const state = readMemberState(openDataDir(localDataDir(dataDir)), { version: exactVersion[version] });
    const kept = new Set<string>();
    for (const { key } of openMvcc(state.bolt).records()) kept.add(Buffer.from(key).toString());
    members.push({
      isLeader: name === leader,
      missingFromReplay: missingFrom(kept, ledger.acknowledged),
      missingFromForcedStart: missingFrom(
        await servedAfterForcedStart(version, dataDir, join(directory, `forced-${name}`)),
        ledger.acknowledged,
      ),
      uncertainCount: state.replay?.uncertain.entryCount ?? 0,
      lastIndex: state.wal?.lastIndex ?? 0n,
    });
  }
  const newest = members.reduce((best, one) => (one.lastIndex > best.lastIndex ? one : best));
  assert.equal(newest.missingFromReplay, 0, `acknowledged writes are missing from the newest dir (${version}, seed ${String(seed)})`);
  assert.equal(
    members.find((one) => one.isLeader)?.missingFromReplay,
    0,
    `acknowledged writes are missing from the leader's dir (${version}, seed ${String(seed)})`,
  );
  return { acknowledged: ledger.acknowledged.size, members };
}

function missingFrom(kept: ReadonlySet<string>, acknowledged: ReadonlyMap<string, bigint>): number {
  return [...acknowledged.keys()].filter((name) => !kept.has(name)).length;
}

async function servedAfterForcedStart(version: EngineVersion, dataDir: string, directory: string): Promise<ReadonlySet<string>> {
  const forced = await RestoredCluster.plan({ version, directory, memberCount: 1, token: "forced", flags: ["--force-new-cluster"] });
  const [member] = forced.members;
  assert.ok(member);
  cpSync(dataDir, member.dataDir, { recursive: true });
  return forced.whileRunning((running) => running.keysBelow("/ledger/"));
}

function callsTo(version: EngineVersion, port: number): { readonly calls: EtcdCalls; close(): void } {
  const client = new Client(`ipv4:127.0.0.1:${String(port)}`, credentials.createInsecure());
  const calls: EtcdCalls = {
    version,
    call: (method, types, request) => etcdUnaryCall(client, { method, types, request, timeoutMs: callTimeoutMs }),
  };
  return {
    calls,
    close: () => {
      client.close();
    },
  };
}
