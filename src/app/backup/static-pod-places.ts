/** Where a kubelet's settings let it take static pods from: whoever changes that starts other pods, and stops etcd (I-S11). */
import type { SeenFile } from "../../execute/observe/look-at-files.ts";
import type { ReadPart } from "./wanted-parts.ts";

/** Before the path of other settings: what those say counts, and is not looked at. */
const settingsOf = "what is said in ";

/** Of KubeletConfiguration, the flags of before it was there, and those that say where it lies; the kubelet takes "_" in a flag for "-". */
const forms = [
  { what: "", form: /\bstaticPod(?:Path|URL)["']?\s*:\s*["']?([^"'\s,}#]+)/gi },
  { what: "", form: /--(?:pod[-_]manifest[-_]path|manifest[-_]url)(?:["']?\s*=\s*|["']?[\s\\]+)["']?([^"'\s]+)/g },
  { what: settingsOf, form: /--config(?:[-_]dir)?(?:["']?\s*=\s*|["']?[\s\\]+)["']?([^"'\s]+)/g },
] as const;

/** kubeadm's and kubespray's. */
const usualSettings = ["/var/lib/kubelet/config.yaml", "/etc/kubernetes/kubelet-config.yaml"].map((path) => `${settingsOf}${path}`);

/** Directories, files, URLs, and "what is said in PATH", sorted; lines that are a comment do not count. */
export function staticPodPlaces(content: Uint8Array): readonly string[] {
  // Each of these begins in one place only: what a machine has in a file must not hold up the planner.
  const text = new TextDecoder().decode(content).replaceAll(/^[ \t]*#.*$/gm, "");
  const found = forms.flatMap(({ what, form }) =>
    [...text.matchAll(form)].map(([, place = ""]) => `${what}${place.replace(/(?<=[^/])\/+$/, "")}`),
  );
  return [...new Set(found)].sort();
}

/**
 * Why the kubelet would take static pods from elsewhere than now; undefined:
 * it would not. Where the machine lost the file, the usual place is no other;
 * a file that is there and names none has them switched off.
 */
export function staticPodProblem(
  { part: { path, kind }, read }: Pick<ReadPart, "part" | "read">,
  now: SeenFile | undefined,
  manifestsDir: string,
): string | undefined {
  if (kind !== "kubelet" || read === undefined) return undefined;
  const becomes = staticPodPlaces(read);
  const isLost = now?.state?.kind === "absent";
  const was = now?.content === undefined ? undefined : staticPodPlaces(now.content);
  if (isLost ? becomes.every((place) => [manifestsDir, ...usualSettings].includes(place)) : becomes.join("\n") === was?.join("\n"))
    return undefined;
  const words = (places: readonly string[]): string => (places.length === 0 ? "nowhere" : places.join(", "));
  const machines = isLost
    ? "that file is not there"
    : was === undefined
      ? "what that file says is not known"
      : `the machine's from ${words(was)}`;
  return `${path} of the set lets the kubelet take static pods from ${words(becomes)}; ${machines}. Other pods would start or stop, etcd among them (I-S11): that is not put back. Name the other files with --path.`;
}
