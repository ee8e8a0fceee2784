import type { ModelMember } from "../../model/cluster-model.ts";
import type { HostConfig } from "../../model/cluster-config.ts";
import type { MemberFacts } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { assertPlannedCluster, etcdCall, withEtcdOnce } from "../ask/ask-etcd.ts";
import type { StepContext } from "../step-handler.ts";
import { addressOfUrl, type Verified } from "./exit-rule.ts";

/** The member list by a linearizable read, from whichever configured machine of the plan's cluster gives one. FACTS_INCOMPLETE when none does. */
export async function lookAtMembers(context: StepContext): Promise<Verified> {
  const reasons: string[] = [];
  for (const host of context.config.hosts) {
    try {
      const { members } = await withEtcdOnce(context, host.name, async (client) => {
        // Whoever answers first may be an orphan with a cluster of its own.
        assertPlannedCluster(context, host.name, await client.status(etcdCall(context)));
        return await client.memberList({ linearizable: true }, etcdCall(context));
      });
      const hosts = members.flatMap((member) => hostOf(context, member) ?? []);
      return { context, members, hosts, apiServers: apiServersOf(context, hosts) };
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      context.signal.throwIfAborted();
      reasons.push(`${host.name}: ${error.message}`);
    }
  }
  throw new RecoveryError("FACTS_INCOMPLETE", {
    subject: "the member list",
    detail: `no machine's etcd gave a linearizable list: ${reasons.join("; ")}`,
  });
}

/** With stacked etcd a machine without a member has no API server that counts: it may be the one that was given up. */
function apiServersOf({ config }: StepContext, memberHosts: readonly HostConfig[]): readonly HostConfig[] {
  return config.etcdTopology === "stacked" ? memberHosts : config.hosts.filter((host) => host.roles.includes("control-plane"));
}

function hostOf(context: StepContext, member: MemberFacts): HostConfig | undefined {
  const addresses = member.peerUrls.map(addressOfUrl);
  return context.config.hosts.find((host) => addresses.includes(host.address));
}

/** Health is judged by the exit rules, one by one; the model leaves it open. */
export function memberOfFacts(context: StepContext, member: MemberFacts): ModelMember {
  return {
    id: member.id,
    name: member.name,
    peerUrls: member.peerUrls,
    isLearner: member.isLearner,
    isStarted: member.name !== "",
    isHealthy: undefined,
    host: hostOf(context, member)?.name,
  };
}
