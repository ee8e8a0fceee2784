import { alarmAndDiskFindings } from "./catalogue/alarms-and-disk.ts";
import { identityFindings } from "./catalogue/identity.ts";
import { membershipFindings } from "./catalogue/membership.ts";
import { pathFindings } from "./catalogue/path.ts";
import { quorumFindings } from "./catalogue/quorum.ts";
import { staleObjectFindings } from "./catalogue/stale-objects.ts";
import { timeAndCertificateFindings } from "./catalogue/time-and-certificates.ts";
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
