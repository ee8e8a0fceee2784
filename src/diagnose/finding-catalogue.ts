import { alarmAndDiskFindings } from "./entries/alarms-and-disk.ts";
import { identityFindings } from "./entries/identity.ts";
import { membershipFindings } from "./entries/membership.ts";
import { pathFindings } from "./entries/path.ts";
import { quorumFindings } from "./entries/quorum.ts";
import { staleObjectFindings } from "./entries/stale-objects.ts";
import { timeAndCertificateFindings } from "./entries/time-and-certificates.ts";
import type { FindingEntry } from "./finding-entry.ts";

const entries = {
  ...pathFindings,
  ...timeAndCertificateFindings,
  ...identityFindings,
  ...quorumFindings,
  ...membershipFindings,
  ...alarmAndDiskFindings,
  ...staleObjectFindings,
} as const;

/** A permanent name: the failure-catalogue id, then words. */
export type FindingCode = keyof typeof entries;

/** Every code a rule may use, in triage order, with what an operator needs to know about it. */
export const findingCatalogue: Readonly<Record<FindingCode, FindingEntry>> = entries;

/** For untrusted text (`explain CODE`): undefined when there is no such code. */
export function findingEntryOf(code: string): FindingEntry | undefined {
  return Object.hasOwn(findingCatalogue, code) ? findingCatalogue[code as FindingCode] : undefined;
}
