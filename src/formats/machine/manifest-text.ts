import { Composer, isScalar, Parser, visit, type Document } from "yaml";
import { RecoveryError } from "../../model/recovery-error.ts";
import { readStaticPod, type StaticPod } from "./static-pod.ts";

/** As much of a file as is brought from a machine: kubeadm's are 3 KiB, OpenShift's 20 KiB. One that is as long may go on. */
const manifestBytesMax = 65_536;

/**
 * The text of one file among the manifests, as the kubelet understands it: its
 * first document, with merge keys ("<<"), which its decoder knows. The one
 * reader for the probe, for the look before a step and for init. Throws
 * nothing: what is not understood has a `problem`.
 */
export function readManifestText(text: string, fileName: string): StaticPod {
  const odd = (problem: string): StaticPod => ({ podName: "", problem });
  if (new TextEncoder().encode(text).length >= manifestBytesMax) return odd("it is larger than 64 KiB");
  let value: unknown;
  try {
    const document = firstDocument(text);
    if (document === undefined) return odd("it is empty");
    if (document.errors.length > 0) return odd("it is not valid YAML");
    if (hasUnsureKeys(document)) return odd("readers of YAML differ on which of its keys count");
    // Aliases are bounded: a hostile file must not expand without end.
    value = document.toJS({ maxAliasCount: 20 });
  } catch {
    // Whatever YAML's reader gives up at: aliases without end, or brackets thousands deep.
    return odd("it is not valid YAML, or expands too far");
  }
  try {
    return readStaticPod(value, fileName);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return odd(error.detail);
  }
}

/** As the kubelet's decoder reads a file: the first document, with merge keys. undefined: it is empty. Throws what YAML's reader gives up with. */
export function firstDocument(text: string): Document.Parsed | undefined {
  // Its own check for keys that are there twice compares each with all: 3 s for 8000 of them.
  const composer = new Composer({ merge: true, uniqueKeys: false });
  for (const document of composer.compose(new Parser().parse(text), true, text.length)) return document;
  return undefined;
}

/** A key that is there twice, or a merge key behind others: what counts then is not the same for every reader of YAML. */
export function hasUnsureKeys(document: Document.Parsed): boolean {
  let isUnsure = false;
  visit(document, {
    Map: (_, map) => {
      const keys = map.items.map(({ key }, index) => (isScalar(key) ? (key.source ?? String(key.value)) : `node ${String(index)}`));
      if (new Set(keys).size === keys.length && keys.indexOf("<<") <= 0) return undefined;
      isUnsure = true;
      return visit.BREAK;
    },
  });
  return isUnsure;
}
