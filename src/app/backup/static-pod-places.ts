/** Where a kubelet's settings let it take static pods from: whoever changes that starts other pods, and stops etcd (I-S11). */
import type { SeenFile } from "../../execute/observe/look-at-files.ts";
import { firstDocument } from "../../formats/machine/manifest-text.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { ReadPart } from "./wanted-parts.ts";

/** Before the path of other settings: what those say counts, and is not looked at. */
const settingsOf = "what is said in ";

/** KubeletConfiguration's, where it is no YAML that is understood. */
const settingForms = [/\bstaticPodPath["']?\s*:\s*["']?([^"'\s,}]+)/gi, /\bstaticPodURL["']?\s*:\s*["']?([^"'\s,}]+)/gi];

/** The flags of before KubeletConfiguration, and those that say where it lies; the kubelet takes "_" in a flag for "-". */
const flagForms = [
  { what: "", form: /--pod[-_]manifest[-_]path(?:["']?\s*=\s*|["']?[\s\\]+)["']?([^"'\s]+)/g },
  { what: "", form: /--manifest[-_]url(?:["']?\s*=\s*|["']?[\s\\]+)["']?([^"'\s]+)/g },
  { what: settingsOf, form: /--config(?:["']?\s*=\s*|["']?[\s\\]+)["']?([^"'\s]+)/g },
  { what: settingsOf, form: /--config[-_]dir(?:["']?\s*=\s*|["']?[\s\\]+)["']?([^"'\s]+)/g },
] as const;

/** systemd's: flags may stand in what it names. */
const environmentFile = /^[ \t]*EnvironmentFile[ \t]*=[ \t]*["']?-?(.*)$/gm;

/** kubeadm's and kubespray's. */
const usualSettings = ["/var/lib/kubelet/config.yaml", "/etc/kubernetes/kubelet-config.yaml"].map((path) => `${settingsOf}${path}`);
const usualEnvironment = [
  "/var/lib/kubelet/kubeadm-flags.env",
  "/etc/default/kubelet",
  "/etc/sysconfig/kubelet",
  "/etc/kubernetes/kubelet.env",
  // The machine's own, of proxies.
  "/etc/environment",
];

/** UTF-16 units; YAML's reader takes its time for more, and no kubelet's settings have it. */
const settingsMax = 65_536;

/**
 * Directories, files, URLs, and "what is said in PATH", by setting and in the
 * order in which they stand: of a flag that is repeated the last one wins, but
 * which of two lines counts is known to systemd alone. Comments do not count,
 * and neither do the usual files of systemd's environment.
 */
export function staticPodPlaces(content: Uint8Array): readonly string[] {
  // Each of these begins in one place only: what a machine has in a file must not hold up the planner.
  const text = new TextDecoder()
    .decode(content)
    .replaceAll(/^[ \t]*[#;].*$/gm, "")
    .replaceAll(/\\\r?\n/g, " ");
  const flags = flagForms.flatMap(({ what, form }) => lastOfEachLine(text, form).map((place) => `${what}${withoutSlashes(place)}`));
  const files = [...text.matchAll(environmentFile)]
    .map(([, path = ""]) => path.replaceAll(/["']/g, "").trim())
    .filter((path) => !usualEnvironment.includes(path))
    .map((path) => `${settingsOf}${path === "" ? "no other file" : path}`);
  return [...(settingsIn(text) ?? settingsByForm(text)).map(withoutSlashes), ...flags, ...files];
}

function withoutSlashes(place: string): string {
  return place.replace(/(?<=[^/])\/+$/, "");
}

/** As the kubelet reads its KubeletConfiguration; undefined: it is none that is understood. */
function settingsIn(text: string): readonly string[] | undefined {
  if (text.length > settingsMax) return undefined;
  let root: unknown;
  try {
    const document = firstDocument(text);
    if (document === undefined || document.errors.length > 0) return undefined;
    // Aliases are bounded: a hostile file must not expand without end.
    root = document.toJS({ maxAliasCount: 20 });
  } catch {
    return undefined; // whatever YAML's reader gives up at
  }
  if (typeof root !== "object" || root === null || Array.isArray(root)) return undefined;
  return ["staticpodpath", "staticpodurl"].flatMap((name) =>
    Object.entries(root).flatMap(([key, value]) =>
      key.toLowerCase() === name && value !== null && value !== "" ? [typeof value === "string" ? value : JSON.stringify(value)] : [],
    ),
  );
}

function settingsByForm(text: string): readonly string[] {
  const said = text.replaceAll(/[ \t]#.*$/gm, "");
  return settingForms.flatMap((form) => [...said.matchAll(form)].map(([, place = ""]) => place));
}

/** Of what stands in one line, and in one variable of it, the last. */
function lastOfEachLine(text: string, form: RegExp): readonly string[] {
  const places: string[] = [];
  let end: number | undefined;
  for (const found of text.matchAll(form)) {
    if (end !== undefined && !/["'\r\n]/.test(text.slice(end, found.index))) places.pop();
    places.push(found[1] ?? "");
    end = found.index + found[0].length;
  }
  return places;
}

/**
 * Why the kubelet would take static pods from elsewhere than now; undefined:
 * it would not. Where the machine lost the file, or what lies there is damaged,
 * the usual place is no other; a file that is there and names none has them
 * switched off.
 */
export function staticPodProblem(
  { part: { path, kind, host }, read }: Pick<ReadPart, "part" | "read">,
  now: SeenFile | undefined,
  manifestsDir: string,
): string | undefined {
  if (kind !== "kubelet" || read === undefined) return undefined;
  const becomes = staticPodPlaces(read);
  const isUsual = becomes.every((place) => [manifestsDir, ...usualSettings].includes(place));
  const isLost = now?.state?.kind === "absent";
  const was = now?.content === undefined ? undefined : staticPodPlaces(now.content);
  if (isUsual && (isLost || isDamaged({ path, now: now?.content, becomes: read }))) return undefined;
  if (!isLost && becomes.join("\n") === was?.join("\n")) return undefined;
  const machines = isLost
    ? "that file is not there"
    : was === undefined
      ? "what that file says is not known"
      : `the machine's ${placeWords(was)}`;
  const wayOut =
    isUsual && !isLost
      ? ` Only if it is damaged: move it away on ${host} (mv ${shellWord(path)} ${shellWord(`${path}.damaged`)}), and the same call puts the set's back.`
      : "";
  return `${path}: the set's ${placeWords(becomes)}; ${machines}. Other pods would start or stop, etcd among them (I-S11): that is not put back.${wayOut} Name the other files with --path.`;
}

function placeWords(places: readonly string[]): string {
  return places.length === 0 ? "names no place of static pods" : `lets the kubelet take static pods from ${places.join(", ")}`;
}

/**
 * Whether a crash left what lies there, and nobody's hand. Empty, or all zeros,
 * is nothing that somebody writes to switch static pods off, but in two places:
 * systemd takes an empty unit as masked, and the distributions' files of flags
 * may well be empty. The beginning of the set's drop-in, before its first
 * ExecStart=, starts the kubelet without any settings.
 */
function isDamaged({
  path,
  now,
  becomes,
}: {
  readonly path: string;
  readonly now: Uint8Array | undefined;
  readonly becomes: Uint8Array;
}): boolean {
  if (now === undefined || path.endsWith(".service") || /^\/etc\/(?:default|sysconfig)\//.test(path)) return false;
  if (now.every((byte) => byte === 0)) return true;
  const isBeginning = now.length < becomes.length && now.every((byte, at) => byte === becomes[at]);
  return path.endsWith(".conf") && isBeginning && hasCommand(becomes) && !hasCommand(now);
}

function hasCommand(content: Uint8Array): boolean {
  return /^[ \t]*ExecStart[ \t]*=/m.test(new TextDecoder().decode(content));
}
