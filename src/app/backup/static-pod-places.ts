/** Where a kubelet's settings let it take static pods from: whoever changes that starts other pods, and stops etcd (I-S11). */
import type { SeenFile } from "../../execute/observe/look-at-files.ts";
import { firstDocument } from "../../formats/machine/manifest-text.ts";
import { shellWord } from "../../model/shell-word.ts";
import { isKubelet, readUnitText } from "./kubelet-unit.ts";
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

/** kubeadm's and kubespray's. */
const usualSettings = ["/var/lib/kubelet/config.yaml", "/etc/kubernetes/kubelet-config.yaml"];
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

/** Something that says where static pods come from. */
interface Lead {
  /** The variable or setting that says it, or "". */
  readonly by: string;
  /** A place, or what a variable or setting says. */
  readonly says: string;
  /** "place": a directory, a file, a URL, or "what is said in PATH". */
  readonly kind: "place" | "variable" | "setting";
}

/**
 * By setting, and in the order in which they stand: of a flag that is repeated
 * in a line the last one wins, but which of two lines counts is known to
 * systemd alone. A command's variables are replaced by what the same file says
 * of them; a place that holds a "$" then is not known. Comments do not count,
 * and neither do the usual files of systemd's environment.
 */
function leadsOf(content: Uint8Array): readonly Lead[] {
  // Each of these begins in one place only: what a machine has in a file must not hold up the planner.
  const text = new TextDecoder()
    .decode(content)
    .replaceAll(/^[ \t]*[#;].*$/gm, "")
    .replaceAll(/\\\r?\n/g, " ");
  const place = (by: string, says: string): Lead => ({ by, says, kind: "place" });
  const configured = settingsIn(text);
  const unit = readUnitText(text);
  const flags = unit.said.flatMap((said) =>
    flagForms.flatMap(({ what, form }) =>
      lastOfEachLine(said.text, form).map((found) => place(said.by, `${what}${withoutSlashes(found)}`)),
    ),
  );
  const files = unit.environmentFiles
    .filter((path) => !usualEnvironment.includes(path))
    .map((path) => place("EnvironmentFile", `${settingsOf}${path === "" ? "no other file" : path}`));
  return [
    ...(configured ?? settingsByForm(text)).map((says) => place("", withoutSlashes(says))),
    ...flags,
    ...files,
    ...(configured === undefined ? unit.paths : []).map(({ by, text: says }): Lead => ({ by, says, kind: "variable" })),
    ...unit.settings.map(({ by, text: says }): Lead => ({ by, says, kind: "setting" })),
  ];
}

/** Directories, files, URLs, and "what is said in PATH". */
export function staticPodPlaces(content: Uint8Array): readonly string[] {
  return placesOf(leadsOf(content));
}

function placesOf(leads: readonly Lead[]): readonly string[] {
  return [...new Set(leads.filter(({ kind }) => kind === "place").map(({ says }) => says))];
}

/** What may be put back where the machine has nothing: no other place, program, directory or mount. */
function isUsualLead({ by, says, kind }: Lead, manifestsDir: string): boolean {
  if (kind === "setting")
    return by === "ExecStart" ? says === "" || isKubelet({ by, text: says }) : !/^(?:Root|Bind|Mount|Extension|Temporary)/.test(by);
  const usual = [manifestsDir, ...usualSettings];
  return (kind === "place" ? [manifestsDir, ...usualSettings.map((path) => `${settingsOf}${path}`)] : usual).includes(says);
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
  const becomes = leadsOf(read);
  const isUsual = becomes.every((lead) => isUsualLead(lead, manifestsDir));
  const isLost = now?.state?.kind === "absent";
  const was = now?.content === undefined ? undefined : leadsOf(now.content);
  if (isUsual && (isLost || isDamaged({ path, now: now?.content, becomes: read }))) return undefined;
  const isKnown = !becomes.some(isUnknown);
  if (!isLost && isKnown && was !== undefined && becomes.map(keyOf).join("\n") === was.map(keyOf).join("\n")) return undefined;
  const machines = isLost
    ? "that file is not there"
    : was === undefined
      ? "what that file says is not known"
      : path.endsWith(".service") && now?.content?.length === 0
        ? "the machine's is empty, which masks the unit: the kubelet is switched off"
        : `the machine's ${placeWords(was)}${differenceWords(becomes, was)}`;
  const others = isLost ? becomes.filter((lead) => lead.kind !== "place" && !isUsualLead(lead, manifestsDir)).map(nameOf) : [];
  const beside = others.length === 0 ? "" : `, and has ${[...new Set(others)].join(", ")}`;
  const unknown = isKnown ? "" : " What stands behind the $ is not said in that file, so it is not known.";
  const wayOut =
    isUsual && !isLost
      ? ` If nobody switched pods off by it, and it is damaged or just older, move it away on ${host} (mv ${shellWord(path)} ${shellWord(`${path}.damaged`)}), and the same call puts the set's back.`
      : "";
  return `${path}: the set's ${placeWords(becomes)}${beside}; ${machines}.${unknown} Whether other pods would start or stop with it, etcd among them, is not judged (I-S11): that is not put back.${wayOut} Name the other files with --path.`;
}

function isUnknown({ kind, says }: Lead): boolean {
  return kind === "place" && says.includes("$");
}

function keyOf({ by, says, kind }: Lead): string {
  return `${kind} ${by} ${says}`;
}

/** Values of variables and commands are in no message: they may hold a secret. */
function nameOf({ by }: Lead): string {
  return by === "" ? "the order of the places" : by.startsWith("$") ? by : `${by}=`;
}

function placeWords(leads: readonly Lead[]): string {
  const places = placesOf(leads);
  return places.length === 0 ? "names no place of static pods" : `lets the kubelet take static pods from ${places.join(", ")}`;
}

/** By what two files lead elsewhere though their places are the same. */
function differenceWords(becomes: readonly Lead[], was: readonly Lead[]): string {
  const [here, there] = [new Set(becomes.map(keyOf)), new Set(was.map(keyOf))];
  const differing = [...becomes.filter((lead) => !there.has(keyOf(lead))), ...was.filter((lead) => !here.has(keyOf(lead)))];
  const names = [...new Set(differing.filter(({ by }) => by !== "").map(nameOf))];
  return names.length === 0 ? "" : `; they differ in ${names.join(", ")}`;
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
