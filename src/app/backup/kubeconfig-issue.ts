/** Who signed what a kubeconfig shows and trusts. What cannot be read is not known, and never fine. */
import { readKubeconfig, type Kubeconfig, type KubeconfigCertificate } from "../../formats/machine/kubeconfig.ts";
import type { CertificateIssue } from "../../model/restored-file.ts";
import { certificatesIn, readIfOne } from "./certificate-ends.ts";
import { signerOf, signersFor, type Authority, type IssueFacts } from "./certificate-issue.ts";
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

/**
 * Of all its users' certificates and all CAs that it trusts: what is of none
 * of the signers is told first, then what cannot be read. undefined: it holds
 * none. `readAt`: a file of the set behind its links; undefined: it has none.
 */
export async function issueOfKubeconfig(
  facts: IssueFacts,
  { path, content }: { readonly path: string; readonly content: Uint8Array },
  {
    authorities,
    readAt,
  }: { readonly authorities: readonly Authority[]; readonly readAt: (path: string) => Promise<Uint8Array | undefined> },
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
  const found = [
    ...shown.flatMap(({ blocks }) => blocks.map((pem) => ({ pem, signer: signerOf(facts, pem, { pems: blocks, signers }) }))),
    ...trusted.flatMap(({ blocks }) => (blocks.length === 0 ? [] : [{ pem: blocks[0] ?? "", signer: trustedOf(blocks) }])),
  ];
  const foreign = found.find(({ signer }) => signer === undefined);
  const unread = unreadWords(kubeconfig, [...shown, ...trusted]);
  const by = (pem: string): string => readIfOne(facts.certificates, pem)?.issuer ?? "who is not known";
  if (foreign !== undefined) return { by: by(foreign.pem) };
  if (unread !== undefined) return notKnown(unread);
  const [first] = found;
  return first?.signer === undefined ? undefined : { by: by(first.pem), authority: first.signer.path };
}

interface Held {
  readonly blocks: readonly string[];
  readonly problem?: string;
}

async function blocksOf(
  facts: IssueFacts,
  { what, text, path }: KubeconfigCertificate,
  readAt: (path: string) => Promise<Uint8Array | undefined>,
): Promise<Held> {
  const file = path === undefined ? undefined : await readAt(path);
  if (path !== undefined && file === undefined) return { blocks: [], problem: `${what} is in ${path}, which the set does not have` };
  const blocks = certificatesIn(file ?? new TextEncoder().encode(text ?? ""));
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
