import type { HostConfig } from "../../model/cluster-config.ts";
import type { MemberFacts } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { unknown, type Verdict } from "../../model/verdict.ts";
import type { StepContext } from "../step-handler.ts";

/** One exit rule (I-X1), judged. */
export interface ExitRule {
  readonly rule: string;
  readonly verdict: Verdict;
}

/** What the rules look at: the machines of the present members, not those of the configuration. */
export interface Verified {
  readonly context: StepContext;
  readonly members: readonly MemberFacts[];
  /** One configured machine per member, where there is one. */
  readonly hosts: readonly HostConfig[];
  /** Where API servers run: beside the members, or with external etcd on the control-plane machines. */
  readonly apiServers: readonly HostConfig[];
}

/** A rule whose question fails is not known; it never counts as held. Bugs and interruption are thrown. */
export async function judge(rule: string, ask: () => Promise<Verdict>): Promise<ExitRule> {
  try {
    return { rule, verdict: await ask() };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return { rule, verdict: unknown(`${error.subject}: ${error.message}`) };
  }
}

/** The address of https://10.0.0.1:2380 or https://[fd00::1]:2380. */
export function addressOfUrl(url: string): string {
  return url
    .replace(/^[a-z]+:\/\//, "")
    .replace(/\/.*$/, "")
    .replace(/:[0-9]+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}
