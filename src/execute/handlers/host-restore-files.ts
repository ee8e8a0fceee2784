import { podOfFile } from "../../formats/machine/pod-of-file.ts";
import type { HostName } from "../../model/ids.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { isSameState, isSharedKey, takesEffectWords } from "../../model/restored-file.ts";
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
    const asked = [
      ...(args.accepts.includes("OTHER_CA") ? [] : args.authorities.map(({ path }) => path)),
      ...(args.accepts.includes("OTHER_KEYS") ? [] : args.files.filter(isSharedKey).map(({ path }) => path)),
    ];
    const others = asked.length === 0 ? [] : context.config.hosts.filter(({ name }) => name !== args.host);
    const [model, own, ...theirs] = await Promise.all([
      observeModel(context, { hosts: [args.host] }),
      fileStates(context, args.host, { paths: args.files.map(({ path }) => path), tag: parts.tag }),
      ...others.map(async ({ name }) => [name, await fileStates(context, name, { paths: asked, tag: parts.tag })] as const),
    ]);
    const files = new Map([[args.host, own], ...theirs]);
    return { ...model, hosts: model.hosts.map((host) => ({ ...host, files: files.get(host.name) ?? [] })) };
  },
  perform: async (args, context) => {
    const parts = await partsOf(args, context);
    const seen = await lookAtFiles(context, args.host, { paths: args.files.map(({ path }) => path), tag: parts.tag });
    const input = await inputOf(args, { seen, parts, context });
    // Before the script: when its answer is lost, these words are needed most.
    await recordWayBack(args, context);
    await changeOnHost(context, args.host, {
      reason: "put files of a backup set back",
      script: restoreFilesScript,
      args: [context.run],
      input: new TextEncoder().encode(input),
      timeoutMs,
    });
  },
};

async function recordWayBack(args: Args, context: StepContext): Promise<void> {
  await context.recordFact(
    "kept-aside",
    `${args.host}: what lay there before is below /var/lib/requorum/aside/${context.run}/ (or .requorum-aside/${context.run}/ at the top of another mount), listed in manifest.tsv`,
  );
  for (const words of takesEffectWords(args.files, context.config.paths.manifestsDir))
    await context.recordFact("to-take-effect", `${args.host}: ${words}`);
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
): Promise<string> {
  const lines = args.directories.map(({ path, mode, uid, gid }) => `dir ${mode.toString(8)} ${uid} ${gid} ${base64(utf8(path))}`);
  const { manifestsDir } = context.config.paths;
  // The kubelet starts a pod as soon as it is there: what the pod reads comes before.
  const isPod = ({ path }: Args["files"][number]): boolean => isAtOrBelow(path, manifestsDir);
  const ordered = [...args.files.filter((file) => !isPod(file)), ...args.files.filter(isPod)];
  for (const { path, was, becomes } of ordered) {
    const now = seen.find((file) => file.path === path);
    if (now?.state !== undefined && isSameState(now.state, becomes)) continue;
    if (now?.state === undefined) throw notKnown(args.host, path, now?.why);
    if (!isSameState(now.state, was)) throw changed(args.host, path);
    const content = await contentOf(args, { path, becomes }, { parts, context });
    const pod = podOfFile(path, manifestsDir, [
      { kind: becomes.kind, content },
      { kind: now.state.kind === "symlink" ? "symlink" : now.content === undefined ? "absent" : "file", content: now.content },
    ]);
    if (pod !== undefined && pod !== "not-etcd") throw etcdsPod(args.host, path);
    const sha256 = context.ports.hashing.sha256Hex(content);
    const before = wasWord(now, context);
    const { uid, gid } = becomes;
    const mode = becomes.kind === "file" ? becomes.mode.toString(8) : "-";
    const kind = becomes.kind === "file" ? "file" : "link";
    lines.push(`${kind} ${before} ${mode} ${uid} ${gid} ${sha256} ${base64(utf8(path))} ${base64(content)}`);
  }
  return lines.map((line) => `${line}\n`).join("");
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

/** The plan's own word for it may be wrong: the content decides, once more. */
function etcdsPod(host: HostName, path: string): RecoveryError {
  return new RecoveryError("STEP_BLOCKED", {
    subject: `host ${host}`,
    detail: `the kubelet would start etcd from ${path}, or that is not known: it is never put back by this verb. This attempt wrote nothing`,
    remedies: [{ why: "see whether etcd may start there", command: "requorum plan" }],
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
