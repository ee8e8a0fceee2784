import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { consentWords } from "../../model/restore-doubt.ts";
import { isSameState, pathsOfCommon, sharedKeysOf, takesEffectWords } from "../../model/restored-file.ts";
import type { StepArgs } from "../../model/step.ts";
import type { SetParts } from "../../ports/set-parts.ts";
import { changeOnHost } from "../ask/run-on-host.ts";
import { fileStates, lookAtFiles, type SeenFile } from "../observe/look-at-files.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepContext, StepHandler } from "../step-handler.ts";
import { restoreFilesScript } from "./restore-files-script.ts";

type Args = StepArgs["host.restoreFiles"];

/** Writing and syncing some MiB on a slow disk, after they came over a slow line. */
const timeoutMs = 180_000;

/**
 * Content comes from the set, which is opened again and checked, and goes over
 * the connection's standard input. What was restored already is left alone.
 */
export const hostRestoreFilesHandler: StepHandler<"host.restoreFiles"> = {
  // The script may go on for a while after the connection is lost.
  settleMs: 10_000,
  observe: async (args, context) => {
    const parts = await partsOf(args, context);
    // Also where a doubt was accepted: what was only not known then may be known to differ now.
    const asked = pathsOfCommon([...args.authorities, ...args.files.flatMap(sharedKeysOf)]);
    const others = asked.length === 0 ? [] : context.config.hosts.filter(({ name }) => name !== args.host);
    const [model, own, ...theirs] = await Promise.all([
      observeModel(context, { hosts: [args.host] }),
      fileStates(context, args.host, { paths: [...args.files, ...args.companions].map(({ path }) => path), tag: parts.tag }),
      ...others.map(async ({ name }) => [name, await fileStates(context, name, { paths: asked, tag: parts.tag })] as const),
    ]);
    const files = new Map([[args.host, own], ...theirs]);
    return { ...model, hosts: model.hosts.map((host) => ({ ...host, files: files.get(host.name) ?? [] })) };
  },
  perform: async (args, context) => {
    const parts = await partsOf(args, context);
    const seen = await lookAtFiles(context, args.host, { paths: args.files.map(({ path }) => path), tag: parts.tag });
    const input = await inputOf(args, { seen, parts, context });
    if (input.lines.length > 0) {
      // Before the script: when its answer is lost, these words are needed most.
      await recordWayBack(args, context);
      await runScript(args, input, context);
    }
    await recordToTakeEffect(args, context);
  },
  cleanUp: async (args, context, { goalHolds }) => {
    if (goalHolds) await recordToTakeEffect(args, context);
    try {
      await runScript(args, { lines: [], inPlace: [] }, context);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof RecoveryError)) throw error;
      const what = `what a killed script made and did not use may be in .staged.* below /var/lib/requorum/aside/ and .requorum-aside/`;
      await recordOnce(context, "left-behind", `${args.host}: ${what}; the next call that puts files back there removes it`);
    }
    if (!goalHolds) await recordHalf(args, context);
  },
};

/** A script that was killed said nothing of how far it came. */
async function recordHalf(args: Args, context: StepContext): Promise<void> {
  try {
    const parts = await partsOf(args, context);
    const states = await fileStates(context, args.host, { paths: args.files.map(({ path }) => path), tag: parts.tag });
    const isInPlace = ({ path, becomes }: Args["files"][number]): boolean =>
      states.some((now) => now.path === path && now.state !== undefined && isSameState(now.state, becomes));
    const inPlace = args.files.filter(isInPlace).map(({ path }) => path);
    const others = args.files.filter((file) => !isInPlace(file)).map(({ path }) => path);
    if (inPlace.length === 0 && states.every(({ state }) => state !== undefined)) return;
    const words = `seen after the attempt: in place: ${inPlace.join(", ") || "none for sure"}; not in place, or not known: ${others.join(", ")}`;
    await recordOnce(context, "half-written", `${args.host}: ${words}. ${untilAll}`);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    await recordOnce(context, "half-written", `${args.host}: which files are in place is not known (${error.message}). ${untilAll}`);
  }
}

const untilAll =
  "Restart nothing that reads them until all are written, or put back from where they are kept aside: they may not fit together";

/** What goes to the script. Without lines it only removes what an earlier one of it left. */
interface Input {
  readonly lines: readonly string[];
  /** Files that are as in the set already: those of an attempt before this one, mostly. */
  readonly inPlace: readonly string[];
}

async function runScript(args: Args, { lines, inPlace }: Input, context: StepContext): Promise<void> {
  await changeOnHost(context, args.host, {
    reason: lines.length === 0 ? "tidy up after a script that put files back" : "put files of a backup set back",
    script: restoreFilesScript,
    args: [context.run],
    input: new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")),
    timeoutMs,
    more: (stdout) => (lines.length === 0 ? "" : howFar(args, { stdout, inPlace }, context)),
  });
}

/** How far a script that failed had come; that only a part of the files is in its place is recorded, too. */
async function howFar(
  { host, files, directories }: Args,
  { stdout, inPlace }: Pick<Input, "inPlace"> & { readonly stdout: string },
  context: StepContext,
): Promise<string> {
  const said = new Set(stdout.split("\n"));
  if (said.has("complete")) return "All files are in their places";
  const [written, left, made] = (["written", "left", "made"] as const).map((word) =>
    [...directories, ...files].flatMap(({ path }) => (said.has(`${word} ${base64(utf8(path))}`) ? [path] : [])).join(", "),
  );
  const earlier = inPlace.join(", ");
  const missing = files.flatMap(({ path }) => (inPlace.includes(path) ? [] : [path])).join(", ");
  if (written !== "" && left === "") return "All files are in their places; whether that outlives a loss of power is not known";
  const parts = [
    earlier === "" ? "" : `when this attempt began, in place: ${earlier}; not in place: ${missing}`,
    written === "" ? "" : `written: ${written}`,
    left === "" ? "" : `not written: ${left}`,
    made === "" ? "" : `directories made: ${made}`,
  ].filter((part) => part !== "");
  if (`${earlier}${written}` === "") return parts.join("; ");
  const words = `${parts.join("; ")}. ${untilAll}`;
  await recordOnce(context, "half-written", `${host}: ${words}`);
  return words;
}

async function recordWayBack(args: Args, context: StepContext): Promise<void> {
  const { host } = args;
  for (const words of consentWords(args)) await recordOnce(context, "agreed-to", `${host}: ${words}`);
  await recordOnce(
    context,
    "kept-aside",
    `${host}: before any file is replaced, each gets a second name below /var/lib/requorum/aside/${context.run}/ (of what is on another mount than /var/lib/requorum, below .requorum-aside/${context.run}/ at the top of that mount: /.requorum-aside/${context.run}/ for /etc where /var is a disk of its own); manifest.tsv lists those that have one`,
  );
}

/** Only when all files are as in the set: a program that is restarted on half of them does not come back. */
async function recordToTakeEffect({ host, files }: Args, context: StepContext): Promise<void> {
  for (const words of takesEffectWords(files))
    await recordOnce(context, "to-take-effect", `${host}: all files are in their places; for what was written, ${words}`);
}

/** Another attempt has mostly the same to say. */
async function recordOnce(context: StepContext, name: string, value: string): Promise<void> {
  if (!context.state.facts.some((fact) => fact.name === name && fact.value === value)) await context.recordFact(name, value);
}

/** The set that the plan was made on, and no other of its name. */
async function partsOf(args: Args, context: StepContext): Promise<SetParts> {
  const source = context.ports.setParts;
  if (source === undefined)
    throw new RecoveryError("BACKUP_NOT_CONFIGURED", {
      subject: `set ${args.set}`,
      detail: "the files come from a backup set, and no store of sets was opened for this call",
    });
  const parts = await source.open(args.set, context.signal);
  if (parts.manifestSha256 === args.manifestSha256) return parts;
  throw new RecoveryError("BACKUP_SET_DAMAGED", {
    subject: `set ${args.set}`,
    detail: "its manifest is not the one that the plan was made on; plan again",
  });
}

async function inputOf(
  args: Args,
  { seen, parts, context }: { readonly seen: readonly SeenFile[]; readonly parts: SetParts; readonly context: StepContext },
): Promise<Input> {
  const [lines, inPlace]: [string[], string[]] = [[], []];
  const directories = args.directories.map(({ path, mode, uid, gid }) => `dir ${mode.toString(8)} ${uid} ${gid} ${base64(utf8(path))}`);
  for (const { path, was, becomes } of args.files) {
    const now = seen.find((file) => file.path === path);
    if (now?.state !== undefined && isSameState(now.state, becomes)) {
      inPlace.push(path);
      continue;
    }
    if (now?.state === undefined) throw notKnown(args.host, path, now?.why);
    if (!isSameState(now.state, was)) throw changed(args.host, path);
    const content = await contentOf(args, { path, becomes }, { parts, context });
    const sha256 = context.ports.hashing.sha256Hex(content);
    const before = wasWord(now, context);
    const { uid, gid } = becomes;
    const mode = becomes.kind === "file" ? becomes.mode.toString(8) : "-";
    const kind = becomes.kind === "file" ? "file" : "link";
    lines.push(`${kind} ${before} ${mode} ${uid} ${gid} ${sha256} ${base64(utf8(path))} ${base64(content)}`);
  }
  return { lines: lines.length === 0 ? [] : [...directories, ...lines], inPlace };
}

async function contentOf(
  { host, set }: Args,
  { path, becomes }: Pick<Args["files"][number], "path" | "becomes">,
  { parts, context }: { readonly parts: SetParts; readonly context: StepContext },
): Promise<Uint8Array> {
  const content = await parts.read(host, path, context.signal);
  if (parts.tag(becomes.kind, content) === becomes.tag) return content;
  throw new RecoveryError("BACKUP_SET_DAMAGED", { subject: `set ${set}`, detail: `${path} of ${host} is not what the plan says of it` });
}

/** What the machine compares with at the last moment; over standard input only, as a short secret could be guessed from it. */
function wasWord({ state, content }: SeenFile, context: StepContext): string {
  if (state?.kind !== "file" && state?.kind !== "symlink") return "absent";
  if (content === undefined) throw new Error("broken assumption in requorum: a file was looked at without its content");
  return `${state.kind === "file" ? "file" : "link"}:${context.ports.hashing.sha256Hex(content)}`;
}

function notKnown(host: HostName, path: string, why = "it was not looked at"): RecoveryError {
  return new RecoveryError("STEP_BLOCKED", {
    subject: `host ${host}`,
    detail: `what ${path} is, is not known (${why}). This attempt wrote nothing`,
  });
}

function changed(host: HostName, path: string): RecoveryError {
  return new RecoveryError("STEP_BLOCKED", {
    subject: `host ${host}`,
    detail: `${path} is not what the plan was made on any more: somebody changed it. This attempt wrote nothing; plan again`,
  });
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** In pieces: a call with a million arguments is too much for the engine. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
