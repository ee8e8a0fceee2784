import { clusterPlaces } from "./cluster-places.ts";
import { counted } from "./level-result.ts";
import { placeOf, type CheckedParts, type SetEvidence, type TextPart } from "./set-content.ts";

const privateForm = /\/sa\.key$|\/service-account-key\.pem$|\/service-account\.key$/;
const publicForm = /\/sa\.pub$|\/service-account(?:\.pub|-pub\.pem)$/;
const keyBlock = /-----BEGIN [A-Z ]+-----(?:(?!-----BEGIN )[\s\S])*?-----END [A-Z ]+-----/g;

/** The keys that sign service account tokens, by the names that kubeadm and kubespray give them. */
export function serviceAccountKeys({ texts, parts }: Pick<SetEvidence, "texts" | "parts">): {
  readonly privateKeys: readonly TextPart[];
  readonly publicKeys: readonly TextPart[];
} {
  const all = texts.filter(({ part }) => part.kind === "pki");
  const places = clusterPlaces(texts, parts);
  const own = all.filter(({ part }) => places.isPki(part));
  // Where nothing says which place is the cluster's, every one may be.
  const pki = own.some(({ part }) => privateForm.test(part.path)) ? own : all;
  return {
    privateKeys: pki.filter(({ part }) => privateForm.test(part.path)),
    publicKeys: pki.filter(({ part }) => publicForm.test(part.path)),
  };
}

/** One pair, the same on every machine: with another one, every token of the cluster is refused after a restore. */
export function checkServiceAccount(evidence: SetEvidence): CheckedParts {
  const { privateKeys, publicKeys } = serviceAccountKeys(evidence);
  const problems: string[] = [];
  const read = (parts: readonly TextPart[]): readonly { readonly place: string; readonly ids: readonly string[] }[] =>
    parts.flatMap(({ part, text }) => {
      const ids = (text.match(keyBlock) ?? []).flatMap((block) => evidence.keys.publicKeyId(block) ?? []);
      const place = placeOf(part);
      if (ids.length > 0) return [{ place, ids }];
      problems.push(`${place} is no key that can be read`);
      return [];
    });
  // The first private key of a file is the one that signs.
  const signing = read(privateKeys).map(({ place, ids }) => ({ place, id: ids[0] }));
  const checking = read(publicKeys);
  if (privateKeys.length === 0)
    problems.push("the set has no key that signs service account tokens: after a restore every token in use is refused");
  const [first] = signing;
  for (const other of signing.slice(1))
    if (first !== undefined && other.id !== first.id)
      problems.push(`${other.place} is another key than ${first.place}: tokens of one machine's API server are refused by the other's`);
  // During a rotation a file holds several public keys, in any order; one must be of a key that signs.
  for (const one of checking)
    if (signing.length > 0 && !signing.some(({ id }) => id !== undefined && one.ids.includes(id)))
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
