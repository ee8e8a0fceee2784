import type { SeenFile } from "../../execute/observe/look-at-files.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CertificateLine, PartDifference } from "../../model/part-difference.ts";
import { isSameState, type FileState, type RestorableKind } from "../../model/restored-file.ts";
import type { CertificateReader, KeyMatcher } from "../../ports/certificates.ts";
import { certificateBlock } from "./certificate-ends.ts";
import { shownLines } from "./shown-lines.ts";

interface Side {
  readonly state: FileState | undefined;
  readonly content: Uint8Array | undefined;
}

export interface DifferenceContext {
  readonly ports: { readonly certificates: CertificateReader };
  readonly keyMatcher: KeyMatcher;
}

export function differenceOf(
  context: DifferenceContext,
  given: {
    readonly path: string;
    readonly kind: RestorableKind;
    readonly now: SeenFile | undefined;
    /** undefined: the set has no such file. */
    readonly becomes: Side | undefined;
  },
): PartDifference {
  const { path, kind, now, becomes } = given;
  const texts = { now: textOf(now), becomes: textOf(becomes) };
  return {
    path,
    kind,
    change: changeOf(now?.state, becomes?.state),
    now: now?.state,
    becomes: becomes?.state,
    contentDiffers: tagOf(now?.state) !== tagOf(becomes?.state),
    certificates: { now: certificatesIn(context, texts.now), becomes: certificatesIn(context, texts.becomes) },
    publicKey: { now: keyIn(context, texts.now), becomes: keyIn(context, texts.becomes) },
    text: shownText({ path, kind, now: texts.now, becomes: texts.becomes }),
    target: { now: targetOf(now), becomes: targetOf(becomes) },
  };
}

function changeOf(now: FileState | undefined, becomes: FileState | undefined): PartDifference["change"] {
  if (becomes === undefined) return "only-on-machine";
  if (now === undefined) return "unknown";
  if (now.kind === "absent") return "missing";
  if (now.kind === "other") return "not-replaceable";
  return isSameState(now, becomes) ? "same" : "differs";
}

function tagOf(state: FileState | undefined): string | undefined {
  return state?.kind === "file" || state?.kind === "symlink" ? `${state.kind} ${state.tag}` : undefined;
}

/** undefined: no file, or no text. */
function textOf(side: Side | undefined): string | undefined {
  if (side?.state?.kind !== "file" || side.content === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(side.content);
  } catch {
    return undefined; // DER, or anything else that is not shown
  }
}

function targetOf(side: Side | undefined): string | undefined {
  return side?.state?.kind === "symlink" && side.content !== undefined ? new TextDecoder().decode(side.content) : undefined;
}

function certificatesIn({ ports, keyMatcher }: DifferenceContext, text: string | undefined): readonly CertificateLine[] {
  const blocks = text?.match(certificateBlock) ?? [];
  // A bundle of a whole distribution says nothing that a person reads.
  return blocks.slice(0, 4).flatMap((pem) => {
    try {
      const { subject, issuer, notAfter } = ports.certificates.readCertificate(pem);
      return [{ subject, issuer, notAfter, serial: keyMatcher.serialNumber(pem), publicKeyId: keyMatcher.publicKeyId(pem) }];
    } catch (error) {
      if (error instanceof RecoveryError) return [];
      throw error;
    }
  });
}

function keyIn({ keyMatcher }: DifferenceContext, text: string | undefined): string | undefined {
  return text !== undefined && /-----BEGIN [A-Z ]*(?:PRIVATE|PUBLIC) KEY-----/.test(text) && !text.includes("BEGIN CERTIFICATE-----")
    ? keyMatcher.publicKeyId(text)
    : undefined;
}

/** Files that are configuration by their name. What is not listed is not shown: scripts, units and their environment call programs with secrets in any form. */
const shownNames: { readonly [kind in RestorableKind]?: RegExp } = {
  kubelet: /\/(?:config\.yaml|kubelet-config\.yaml|instance-config\.yaml)$/,
  "container-runtime": /\/(?:config\.toml|crio\.conf|crictl\.yaml)$/,
  "load-balancer": /\/(?:haproxy\.cfg|keepalived\.conf)$/,
};

function shownText(file: {
  readonly path: string;
  readonly kind: RestorableKind;
  readonly now: string | undefined;
  readonly becomes: string | undefined;
}): PartDifference["text"] {
  const { path, kind, now, becomes } = file;
  if (shownNames[kind]?.test(path) !== true || becomes === undefined) return undefined;
  const forms = { now: shownLines(now ?? ""), becomes: shownLines(becomes) };
  return now !== undefined && now !== becomes && forms.now === forms.becomes ? undefined : forms;
}
