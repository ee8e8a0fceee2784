/** Who signed what a kubeconfig shows and trusts. What cannot be read is not known, and never fine. */
import { readKubeconfig, type Kubeconfig, type KubeconfigCertificate } from "../../formats/machine/kubeconfig.ts";
import type { CertificateIssue } from "../../model/restored-file.ts";
import { certificatesIn, readIfOne } from "./certificate-ends.ts";
import { issuerWords, signerOf, signersFor, type Authority, type IssueFacts } from "./certificate-issue.ts";
import type { RestorablePart } from "./chosen-parts.ts";

/** kubeadm's, which are kubeconfigs whatever is in them. */
const usual = /^\/etc\/kubernetes\/(?:admin|super-admin|controller-manager|scheduler|kubelet|bootstrap-kubelet)\.conf$/;
/** Other files of /etc/kubernetes that end in .conf may be anything; one that was cut off has some of these words. */
const words = /\b(?:client-certificate|client-key|certificate-authority|kind["']?\s*:\s*["']?Config\b|clusters["']?\s*:|users["']?\s*:)/;

/** By this line also where its YAML is not understood. */
const configLine = /^["']?kind["']?[ \t]*:[ \t]*["']?Config["']?[ \t]*$/m;

/** By its content, whatever its kind; by kind and name also one that cannot be read. */
export function isKubeconfig({ kind, path }: RestorablePart, names: readonly string[], content: Uint8Array): boolean {
  const text = new TextDecoder().decode(content);
  if (kind === "kubeconfig" && (names.some((name) => usual.test(name)) || words.test(text))) return true;
  return words.test(text) && (configLine.test(text) || readKubeconfig(text, path) !== undefined);
}

/** Where its certificates lie that are not in it itself. */
export function certificatePathsOf({ path, content }: { readonly path: string; readonly content: Uint8Array }): readonly string[] {
  const kubeconfig = readKubeconfig(new TextDecoder().decode(content), path);
  return [...(kubeconfig?.shown ?? []), ...(kubeconfig?.trusted ?? [])].flatMap((one) => one.path ?? []);
}

/** A file that a kubeconfig names, behind its links; without content why, as the rest of a sentence: "which is not there". */
export type NamedFile = { readonly content: Uint8Array } | { readonly content: undefined; readonly why: string };
export type ReadNamed = (path: string) => NamedFile | Promise<NamedFile>;

/**
 * Of all its users' certificates and all CAs that it trusts: what is of none
 * of the signers is told first, then what cannot be read. undefined: it holds
 * none.
 */
export async function issueOfKubeconfig(
  facts: IssueFacts,
  { path, content }: { readonly path: string; readonly content: Uint8Array },
  { authorities, readAt }: { readonly authorities: readonly Authority[]; readonly readAt: ReadNamed },
): Promise<CertificateIssue | undefined> {
  const signers = signersFor(facts, "kubeconfig", path, authorities);
  const kubeconfig = readKubeconfig(new TextDecoder().decode(content), path);
  if (kubeconfig === undefined) return notKnown("it cannot be read as a kubeconfig");
  const shown = await Promise.all(kubeconfig.shown.map((one) => blocksOf(facts, one, readAt)));
  const trusted = await Promise.all(kubeconfig.trusted.map((one) => blocksOf(facts, one, readAt)));
  // While a CA is changed a kubeconfig trusts both, the old one and the new one.
  const trustedOf = (blocks: readonly string[]): Authority | undefined =>
    signers.find((signer) =>
      certificatesIn(signer.content).some((ca) => blocks.some((pem) => pem.trim() === ca.trim() || facts.keyMatcher.isSignedBy(pem, ca))),
    );
  // The first is what is shown; what stands behind it leads to the CA.
  const ofUsers = shown.flatMap(({ blocks }) =>
    blocks.slice(0, 1).map((pem) => ({ pem, signer: signerOf(facts, pem, { pems: blocks, signers }) })),
  );
  const ofClusters = trusted.flatMap(({ blocks }) => blocks.slice(0, 1).map((pem) => ({ pem, signer: trustedOf(blocks) })));
  const foreign = ofUsers.find(({ signer }) => signer === undefined);
  if (foreign !== undefined) return { by: issuerWords(facts, foreign.pem, authorities) };
  const foreignTrust = ofClusters.find(({ signer }) => signer === undefined);
  if (foreignTrust !== undefined) return { by: trustWords(facts, foreignTrust.pem), isTrustedOnly: true };
  const unread = unreadWords(kubeconfig, [...shown, ...trusted]);
  if (unread !== undefined) return notKnown(unread);
  const [first] = [...ofUsers, ...ofClusters];
  const by = readIfOne(facts.certificates, first?.pem ?? "")?.issuer ?? "who is not known";
  return first?.signer === undefined ? undefined : { by, authority: first.signer.path };
}

function trustWords({ certificates, keyMatcher }: IssueFacts, pem: string): string {
  const name = readIfOne(certificates, pem)?.subject ?? "who is not known";
  return `${name}, key ${keyMatcher.publicKeyId(pem)?.slice(0, 16) ?? "not known"}`;
}

interface Held {
  readonly blocks: readonly string[];
  readonly problem?: string;
}

async function blocksOf(facts: IssueFacts, { what, text, path }: KubeconfigCertificate, readAt: ReadNamed): Promise<Held> {
  const file = path === undefined ? undefined : await readAt(path);
  if (path !== undefined && file !== undefined && file.content === undefined)
    return { blocks: [], problem: `${what} is in ${path}, ${file.why}` };
  const blocks = certificatesIn(file?.content ?? new TextEncoder().encode(text ?? ""));
  if (blocks.length === 0 || blocks.some((pem) => readIfOne(facts.certificates, pem) === undefined))
    return { blocks: [], problem: `${what}${path === undefined ? "" : ` (${path})`} cannot be read as a certificate` };
  return { blocks };
}

function unreadWords({ missing }: Kubeconfig, held: readonly Held[]): string | undefined {
  const problems = [
    ...held.flatMap(({ problem }) => problem ?? []),
    ...missing.map((one) => `its context names ${one}, which is not in it`),
  ];
  return problems.length === 0 ? undefined : problems.join("; ");
}

function notKnown(notRead: string): CertificateIssue {
  return { by: "who is not known", notRead };
}
