import type { FoundCertificate } from "./found-certificates.ts";
import { placeOf, type CheckedParts, type SetEvidence } from "./set-content.ts";

/** kubeadm: pki/ca.crt, pki/etcd/ca.crt; kubespray: ssl/ca.crt, /etc/ssl/etcd/ssl/ca.pem. */
const authorityFile = /\/ca\.(?:crt|pem)$/;
const etcdPlace = /\/etcd\//;

/**
 * The authorities that a control plane is built from are there, with the keys
 * that new certificates are signed with (I-R11). A cluster may have its
 * authority elsewhere ("external CA"); only who runs it knows that, so that a
 * key that is missing is unknown and no fault.
 */
export function checkAuthorities(authorities: readonly FoundCertificate[], evidence: SetEvidence): CheckedParts {
  const { manifest, keys, texts, externalAuthorities } = evidence;
  const problems: string[] = [];
  const missing: string[] = [];
  const compared: string[] = [];
  const held = new Set(
    texts.flatMap(({ part, text }) => (part.kind === "pki" && text.includes("PRIVATE KEY-----") ? (keys.publicKeyId(text) ?? []) : [])),
  );
  const named = authorities.filter(({ from }) => authorityFile.test(from.part.path));
  const wanted = [
    { what: "the cluster's authority", found: named.filter(({ from }) => !etcdPlace.test(from.part.path)), isNeeded: true },
    {
      what: "etcd's authority",
      found: named.filter(({ from }) => etcdPlace.test(from.part.path)),
      // The machines of an external etcd may be somebody else's.
      isNeeded: manifest.cluster.etcdTopology === "stacked",
    },
  ];
  for (const { what, found, isNeeded } of wanted) {
    if (!isNeeded) {
      compared.push(`${what} was not asked for: etcd is external`);
      continue;
    }
    const [first] = found;
    const keyed = found.find(({ pem }) => held.has(keys.publicKeyId(pem) ?? ""));
    if (first === undefined) {
      // Where the other distributions keep it, nobody here knows for sure.
      const words = `the set has no certificate of ${what}`;
      (manifest.cluster.platform === "kubeadm" ? problems : missing).push(words);
    } else if (keyed !== undefined) compared.push(`${what} with its key: ${placeOf(keyed.from.part)}`);
    else if (externalAuthorities) compared.push(`${what} without its key, which is elsewhere, as the configuration says`);
    else
      missing.push(
        `the set has no key of ${what} (${placeOf(first.from.part)}): no certificate of it can be made anew. Where it is kept elsewhere by intention, say \`externalCa: true\` in \`backup\` of the configuration`,
      );
  }
  return { problems, missing, compared };
}
