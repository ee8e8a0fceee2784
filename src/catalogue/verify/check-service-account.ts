import { counted } from "./level-result.ts";
import { placeOf, type CheckedParts, type SetEvidence, type TextPart } from "./set-content.ts";

const privateForm = /\/sa\.key$|\/service-account-key\.pem$|\/service-account\.key$/;
const publicForm = /\/sa\.pub$|\/service-account(?:\.pub|-pub\.pem)$/;

/** The keys that sign service account tokens, by the names that kubeadm and kubespray give them. */
export function serviceAccountKeys({ texts }: Pick<SetEvidence, "texts">): {
  readonly privateKeys: readonly TextPart[];
  readonly publicKeys: readonly TextPart[];
} {
  const pki = texts.filter(({ part }) => part.kind === "pki");
  return {
    privateKeys: pki.filter(({ part }) => privateForm.test(part.path)),
    publicKeys: pki.filter(({ part }) => publicForm.test(part.path)),
  };
}

/** One pair, the same on every machine: with another one, every token of the cluster is refused after a restore. */
export function checkServiceAccount(evidence: SetEvidence): CheckedParts {
  const { privateKeys, publicKeys } = serviceAccountKeys(evidence);
  const problems: string[] = [];
  const identified = (parts: readonly TextPart[]): readonly { readonly place: string; readonly id: string; readonly part: TextPart }[] =>
    parts.flatMap((part) => {
      const id = evidence.keys.publicKeyId(part.text);
      const place = placeOf(part.part);
      if (id !== undefined) return [{ place, id, part }];
      problems.push(`${place} is no key that can be read`);
      return [];
    });
  const [signing, checking] = [identified(privateKeys), identified(publicKeys)];
  if (privateKeys.length === 0)
    problems.push("the set has no key that signs service account tokens: after a restore every token in use is refused");
  const [first] = signing;
  for (const other of signing.slice(1))
    if (first !== undefined && other.id !== first.id)
      problems.push(`${other.place} is another key than ${first.place}: tokens of one machine's API server are refused by the other's`);
  // During a rotation the file with public keys begins with the new one; it must fit one of the keys that sign.
  for (const one of checking)
    if (signing.length > 0 && !signing.some(({ id }) => id === one.id))
      problems.push(`${one.place} does not belong to ${signing.map(({ place }) => place).join(", ")}`);
  return {
    problems,
    compared: [
      checking.length === 0
        ? `${counted(signing.length, "signing key")} of service accounts, ${signing.length === 1 ? "which was compared with nothing: the set has no public key" : "one and the same; the set has no public key to compare with"}`
        : `${counted(signing.length, "signing key")} and ${counted(checking.length, "public key")} of service accounts: one pair`,
    ],
  };
}
