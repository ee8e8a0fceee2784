import { counted } from "./level-result.ts";
import { placeOf, type CheckedParts, type SetEvidence } from "./set-content.ts";

/**
 * What is encrypted in the snapshot opens with the keys in the set, and all
 * machines have the same keys.
 */
export function checkEncryption({ encryption, sealed, texts }: SetEvidence): CheckedParts {
  const problems = encryption.flatMap((one) => (one.problem === undefined ? [] : [`${placeOf(one)}: ${one.problem}`]));
  const [first, ...others] = encryption.filter(({ problem }) => problem === undefined);
  for (const other of others)
    if (first !== undefined && textOf(other.keys) !== textOf(first.keys))
      problems.push(`${placeOf(other)} has other keys than ${placeOf(first)}: what one API server writes, the other cannot read`);
  if (encryption.length === 0) {
    const [naming] = texts.filter(({ part, text }) => part.kind === "static-pod" && text.includes("--encryption-provider-config="));
    if (naming !== undefined)
      problems.push(
        `${placeOf(naming.part)} names an EncryptionConfiguration, and the set has none: what is encrypted cannot be read again`,
      );
  }
  if (sealed.sealedCount > sealed.kmsCount && encryption.length === 0)
    problems.push(
      `${counted(sealed.sealedCount - sealed.kmsCount, "value")} of the snapshot ${sealed.sealedCount - sealed.kmsCount === 1 ? "is" : "are"} encrypted, and the set has no EncryptionConfiguration`,
    );
  else if (sealed.openedCount < sealed.triedCount)
    problems.push(
      `${String(sealed.triedCount - sealed.openedCount)} of ${counted(sealed.triedCount, "encrypted value")} that were tried do not open with the keys of the set`,
      ...sealed.reasons,
    );
  return {
    problems,
    compared: [
      sealed.sealedCount === 0
        ? "nothing in the snapshot is encrypted at rest"
        : `${counted(sealed.openedCount, "encrypted value")} of ${String(sealed.sealedCount)} opened with the keys of the set`,
    ],
    missing:
      sealed.kmsCount === 0
        ? []
        : [
            `${counted(sealed.kmsCount, "value")} of the snapshot ${sealed.kmsCount === 1 ? "is" : "are"} sealed by a KMS plugin: whether ${sealed.kmsCount === 1 ? "it opens" : "they open"} again is the KMS's to say, and no set can prove it`,
          ],
  };
}

function textOf(keys: SetEvidence["encryption"][number]["keys"]): string {
  return keys
    .map(({ provider, name, secretId }) => `${provider}/${name}/${secretId}`)
    .sort()
    .join(" ");
}
