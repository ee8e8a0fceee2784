import { checkCertificates } from "./check-certificates.ts";
import { checkEncryption } from "./check-encryption.ts";
import { checkServiceAccount } from "./check-service-account.ts";
import { checkTimes } from "./check-times.ts";
import { checkTopology } from "./check-topology.ts";
import { judged, unknown, type LevelResult } from "./level-result.ts";
import type { CheckedParts, SetEvidence } from "./set-content.ts";

/**
 * V3: the parts belong together. The authorities signed the certificates, the
 * keys are those of the certificates, the service account keys agree, the
 * encryption keys open what is sealed in the snapshot, and cluster, members,
 * revision and times are those that everything else in the set tells.
 */
export function judgeConsistency(evidence: SetEvidence): LevelResult {
  const checked: readonly CheckedParts[] = [
    checkCertificates(evidence),
    checkServiceAccount(evidence),
    checkEncryption(evidence),
    checkTopology(evidence),
    checkTimes(evidence),
    checkRecipients(evidence),
  ];
  const problems = checked.flatMap((one) => one.problems);
  const missing = checked.flatMap((one) => one.missing ?? []);
  if (problems.length === 0 && missing.length > 0) return unknown(missing);
  return judged(
    problems,
    checked.flatMap((one) => one.compared),
  );
}

/**
 * Sealed for somebody else than the configuration says, it opens for nobody who
 * is called at night. But that is a word of today's configuration: a set of
 * before a recipient was added is as whole as it was.
 */
function checkRecipients({ manifest, wantedRecipients }: SetEvidence): CheckedParts {
  const sealedFor = manifest.key.wrapped.flatMap(({ recipients }) => recipients);
  const left = (wantedRecipients ?? []).filter((recipient) => !sealedFor.includes(recipient));
  if (wantedRecipients === undefined || wantedRecipients.length === 0) return { problems: [], compared: [] };
  return {
    problems: [],
    missing: left.map(
      (recipient) =>
        `the set is not sealed for ${recipient}, which the configuration names, but for ${sealedFor.join(", ") || "a passphrase only"}: who has that identity cannot open it`,
    ),
    compared: left.length > 0 ? [] : [`sealed for every recipient that the configuration names (${String(wantedRecipients.length)})`],
  };
}
