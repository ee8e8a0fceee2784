import { proveApi } from "../../catalogue/verify/api-level.ts";
import { proveEtcd } from "../../catalogue/verify/etcd-level.ts";
import { failed, notTried, programFault, unknown, type LevelResult } from "../../catalogue/verify/level-result.ts";
import { serviceAccountKeys } from "../../catalogue/verify/check-service-account.ts";
import { etcdMinors } from "../../formats/etcd/restore/restore-plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Sandbox, SandboxProgram } from "../../ports/sandbox.ts";
import { apiServerFlags } from "./api-server-flags.ts";
import type { OpenedContent } from "./open-content.ts";
import type { TriedLevels } from "./tried-levels.ts";
import type { VerifyContext } from "./verify-context.ts";

export interface DrillTimes {
  /** From the first byte that was fetched, without the checks between: fetch, restore and start. undefined: etcd did not come. */
  readonly etcdReadyMs: number | undefined;
  readonly apiReadyMs: number | undefined;
  readonly sandbox: string | undefined;
}

/** Beside the restored database: its log, what the API server writes, and room to grow in a copy. */
const roomBytes = 256n * 1024n * 1024n;

/** V4 and V5, in one sandbox that is gone afterwards. */
export async function proveInSandbox(context: VerifyContext, levels: TriedLevels, opened: OpenedContent): Promise<DrillTimes> {
  const times: { etcdReadyMs: number | undefined; apiReadyMs: number | undefined } = { etcdReadyMs: undefined, apiReadyMs: undefined };
  let sandbox: Sandbox | undefined;
  try {
    await levels.attempt("V4", async () => {
      const { manifest } = opened.set;
      const version = manifest.cluster.etcdVersion ?? opened.description.etcdVersion;
      const found = await context.backup.sandboxes.findProgram("etcd", version);
      if (found.kind === "missing") return notTried(found.why);
      const made = await openSandbox(context, 2n * manifest.snapshot.sizeBytes + roomBytes);
      if ("verdict" in made) return made;
      sandbox = made;
      return inSandbox(context, () => proveEtcdIn(context, made, { opened, program: found.program, times }));
    });
    if (sandbox === undefined) return { ...times, sandbox: undefined };
    const made = sandbox;
    await levels.attempt("V5", async () => {
      const version = opened.set.manifest.cluster.kubernetesVersion;
      if (version === undefined)
        return notTried("the set does not say which version of Kubernetes it is of: the API did not answer when it was made");
      const kms = wantedKms(opened);
      if (kms !== undefined) return notTried(kms);
      const found = await context.backup.sandboxes.findProgram("kube-apiserver", version);
      if (found.kind === "missing") return notTried(found.why);
      return inSandbox(context, () => proveApiIn(context, made, { opened, program: found.program, times }));
    });
    return { ...times, sandbox: made.describes };
  } finally {
    await sandbox?.close();
  }
}

/** Why an API server of this set cannot read what is in it, by no fault of the set: its KMS plugin is elsewhere. */
export function wantedKms({ encryption, sealed }: Pick<OpenedContent, "encryption" | "sealed">): string | undefined {
  const kms = encryption.facts.flatMap(({ kmsNames }) => kmsNames);
  if (kms.length > 0) return `the API server starts only with its KMS plugin (${kms.join(", ")}), which is not in the set`;
  if (sealed.kmsCount === 0 || encryption.text !== undefined) return undefined;
  return "some values of the snapshot are sealed by a KMS plugin, and no encryption configuration that can be read is in the set: an API server can open them only with that plugin";
}

const ofThisMachine: readonly string[] = ["SANDBOX_UNSUPPORTED", "LOCAL_DISK_FULL", "LOCAL_FILE_FAILED"];

/** Where no sandbox can be made, nothing is said of the set. */
async function openSandbox(context: VerifyContext, bytes: bigint): Promise<Sandbox | LevelResult> {
  try {
    return await context.backup.sandboxes.open({ bytes });
  } catch (error) {
    if (error instanceof RecoveryError && ofThisMachine.includes(error.code)) return notTried(`no sandbox could be made: ${error.detail}`);
    throw error;
  }
}

/** A program that ends by itself is the set's fault as far as can be seen; a full disk, a slow machine or a port that is taken is not. */
async function inSandbox(context: VerifyContext, prove: () => Promise<LevelResult>): Promise<LevelResult> {
  try {
    return await prove();
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    if (error.code === "LOCAL_DISK_FULL") return unknown([`${error.subject}: ${error.detail}`]);
    if (error.code === "SANDBOX_FAILED" || error.code === "SANDBOX_UNDECIDED")
      return programFault(error, `${error.subject}: ${error.detail}`);
    if (error.code === "FILE_DAMAGED") return failed([`${error.subject}: ${error.detail}`]);
    throw error;
  }
}

interface Proving {
  readonly opened: OpenedContent;
  readonly program: SandboxProgram;
  readonly times: { etcdReadyMs: number | undefined; apiReadyMs: number | undefined };
}

async function proveEtcdIn(context: VerifyContext, sandbox: Sandbox, { opened, program, times }: Proving): Promise<LevelResult> {
  const { engine } = context.backup;
  const { clock } = context.ports;
  const { manifest } = opened.set;
  const reading = opened.spool.reading();
  const path = opened.snapshotPath;
  const minor = etcdMinors.find((one) => program.version.startsWith(`${one}.`));
  if (minor === undefined) return notTried(`requorum restores for etcd ${etcdMinors.join(", ")}; the set is of ${program.version}`);
  const hash = await engine.hashKv(reading, { path, revision: manifest.snapshot.revision, etcdVersion: program.version });
  const beganMs = clock.monotonicMs();
  context.report({ kind: "phase", text: `restoring into the sandbox, ${sandbox.describes}` });
  const dataDir = `${sandbox.directory}/etcd-data`;
  const restored = await engine.restore(reading, {
    path,
    dataDir,
    name: sandbox.member.name,
    members: [{ name: sandbox.member.name, peerUrls: [sandbox.member.peerUrl] }],
    clusterToken: undefined,
    // The revision stays: it is what is compared. Nobody watches this cluster.
    revisionBump: undefined,
    targetMinor: minor,
    clearsAlarms: true,
    committedOnly: false,
  });
  context.report({ kind: "phase", text: `starting etcd ${program.version}` });
  const client = await sandbox.startEtcd({ program, dataDir, signal: context.signal });
  times.etcdReadyMs = Math.round(opened.content.snapshotMs + clock.monotonicMs() - beganMs);
  return proveEtcd(
    client,
    manifest,
    {
      clusterId: restored.clusterId,
      member: restored.member,
      hashKv: hash.isComparable ? hash.hash : undefined,
      program: `etcd ${program.version}`,
    },
    context.signal,
  );
}

async function proveApiIn(context: VerifyContext, sandbox: Sandbox, { opened, program, times }: Proving): Promise<LevelResult> {
  const { clock, hashing } = context.ports;
  const { texts } = opened.content;
  const manifests = texts.filter(({ part }) => part.kind === "static-pod");
  const flags = manifests.map(({ text }) => apiServerFlags(text)).find((found) => found !== undefined);
  const keys = serviceAccountKeys({ texts, parts: opened.set.parts });
  const signingKey = keys.privateKeys[0]?.text;
  const beganMs = clock.monotonicMs();
  context.report({ kind: "phase", text: `starting kube-apiserver ${program.version}` });
  const api = await sandbox.startApiServer({
    program,
    encryptionConfig: opened.encryption.text,
    serviceAccountKeys:
      signingKey === undefined
        ? undefined
        : { publicKeys: (keys.publicKeys.length > 0 ? keys.publicKeys : keys.privateKeys).map(({ text }) => text), signingKey },
    flags: flags ?? [],
    signal: context.signal,
  });
  times.apiReadyMs = Math.round((times.etcdReadyMs ?? 0) + clock.monotonicMs() - beganMs);
  return proveApi({
    api,
    clock,
    hashing,
    report: context.report,
    signal: context.signal,
    manifest: opened.set.manifest,
    sealed: opened.sealed,
    program: `kube-apiserver ${program.version}`,
    servesAsBefore: flags !== undefined,
  });
}
