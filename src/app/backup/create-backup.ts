/** Makes one backup set: looks, judges, collects, streams, reads what it stored, and writes the manifest last. */
import { judgeHashes } from "../../catalogue/source/judge-hashes.ts";
import {
  judgeSource,
  lastLookOf,
  type KnownBefore,
  type SourceCandidate,
  type SourceJudgement,
} from "../../catalogue/source/judge-source.ts";
import { listSets, type ListedSet } from "../../catalogue/list-sets.ts";
import { SetWriter } from "../../catalogue/set-writer.ts";
import type { BackupManifest, BackupMark, BackupMarkCode } from "../../model/backup-set.ts";
import { asBackupSetId, type BackupSetId, type HostName } from "../../model/ids.ts";
import type { Inventory } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { lostWords } from "../../model/seen-sets.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import type { SealedDirectory } from "../../ports/sealed-spool.ts";
import { askMemberHashes } from "../../probe/collect/ask-member-hashes.ts";
import { TooLargeForSpool } from "../files/assert-spool-room.ts";
import { withRest } from "../files/discarded.ts";
import { observeAgain, observeOnce, type Look } from "../observe-cluster.ts";
import type { CreateBackupContext } from "./backup-context.ts";
import { historyMarks } from "./history-marks.ts";
import { gatherParts, type GatheredParts } from "./gather-parts.ts";
import { assertAccepted, contentMarks, judgeClock, type JudgedClock } from "./judge-marks.ts";
import { assertStoreIsThere, compareWithSeen, rememberOwnWork } from "./remember-sets.ts";
import { takeDataDir, takeStream, type TakenSnapshot } from "./take-snapshot.ts";
import { told } from "./told.ts";

export interface CreateBackupRequest {
  /** Marks with which a set is made all the same. */
  readonly accepted: readonly BackupMarkCode[];
  /** Only the member on this machine. */
  readonly from: HostName | undefined;
  /** A store begins anew where this machine saw one before. */
  readonly isNewStore?: boolean;
  /** What was typed beside them, as it goes into a remedy: "--from cp2 --store /mnt/usb". */
  readonly options?: readonly string[];
}

export interface CreatedBackup {
  readonly manifest: BackupManifest;
  /** The store, as the operator names it. */
  readonly place: string;
  readonly tookMs: number;
  /** What was seen of the store and its other sets, in sentences: nothing of this one. */
  readonly remarks: readonly string[];
}

/**
 * BACKUP_REFUSED, BACKUP_NO_SOURCE, SNAPSHOT_BAD, LOCAL_DISK_FULL, BACKUP_STORE_*,
 * and what reaching etcd throws: then nothing of the set is listed, and what was
 * stored of it is taken away again. BACKUP_SET_UNDECIDED, which names the set:
 * it may be listed, and what it needs is kept. What fails once it is listed, as
 * what this machine cannot remember, is a remark.
 */
export async function createBackup(context: CreateBackupContext, request: CreateBackupRequest): Promise<CreatedBackup> {
  const { backup, ports } = context;
  const beganMs = ports.clock.monotonicMs();
  context.report({ kind: "phase", text: `looking at ${backup.store.place} and at the cluster` });
  const sets = await listSets(backup, context.trust, context.signal);
  const options = request.options ?? [];
  const commands = {
    begin: ["requorum backup create", ...options, "--new-store"].join(" "),
    list: ["requorum backup list", ...options.filter((option) => !option.startsWith("--from "))].join(" "),
  };
  await assertStoreIsThere(backup, context.config.cluster, { isNewStore: request.isNewStore, commands });
  const { cluster } = context.config;
  const { lost, remember } = await compareWithSeen(backup, { cluster, sets, nowIso: ports.clock.nowIso() });
  const unkept = await told(unkeptWords, remember);
  const { inventory, memoryProblem, judged, clock } = await lookAndJudge(context, request, sets);
  const { newest } = clock;
  assertSource(judged, request.from);
  assertAccepted([...clock.marks, ...judged.marks], request);
  const { before } = clock;
  const known = [...before, ...lastLookOf(inventory.lastSeen, before)];
  const counted = known.length > before.length ? inventory.lastSeen : undefined;
  const [compared, gathered] = await Promise.all([compareHashes(context, judged, request), gatherParts(context, inventory, counted)]);
  const marks = [...clock.marks, ...judged.marks, ...compared.marks, ...gathered.marks, ...unreadMemory(memoryProblem)];
  assertAccepted(marks, request);
  const sources: readonly Source[] =
    judged.kind === "offline"
      ? judged.offlineHosts.map((host) => ({ host, candidate: undefined }))
      : compared.candidates.map((candidate) => ({ host: candidate.host, candidate }));
  const attempt = { inventory, judged, gathered, newest, known, marks, request };
  const { manifest, remarks } = await firstThatWorks(context, sources, attempt);
  const unkeptOwn = await told(unkeptWords, () => rememberOwnWork(backup, cluster, { made: manifest }));
  const tookMs = Math.round(ports.clock.monotonicMs() - beganMs);
  const ofLost = lost === undefined ? [] : [lostWords(lost, backup.store.place)];
  const ofMemory = [...new Set([unkept, unkeptOwn])].flatMap((words) => words ?? []);
  return { manifest, place: backup.store.place, tookMs, remarks: [...clock.remarks, ...ofLost, ...ofMemory, ...remarks] };
}

const unkeptWords = "this machine cannot remember what is in the store, and a set that is gone from it later may not be missed";

/** One slow answer must neither refuse nor mark the set of tonight: what is not as it should be is looked at a second time, longer and later. */
async function lookAndJudge(
  context: CreateBackupContext,
  request: CreateBackupRequest,
  sets: readonly ListedSet[],
): Promise<{
  readonly inventory: Inventory;
  readonly memoryProblem: string | undefined;
  readonly judged: SourceJudgement;
  readonly clock: JudgedClock;
}> {
  const judge = ({ inventory, memoryProblem }: Look) => {
    const offsets = inventory.hosts.flatMap(({ machine }) => valueOf(machine)?.clockOffsetMs ?? []);
    const clock = judgeClock(context.config.cluster, sets, context.ports.clock.nowMs(), offsets);
    return {
      inventory,
      memoryProblem,
      clock,
      judged: judgeSource(inventory, { policy: context.settings.source, from: request.from, before: clock.before }),
    };
  };
  const first = await observeOnce(context, { depth: "status", memory: "wanted" });
  const found = judge(first);
  // A second look changes no clock.
  assertAccepted(found.clock.marks, request);
  if (hasSource(found.judged) && found.judged.marks.length === 0) return found;
  const codes = [...new Set(found.judged.marks.map(({ code }) => code))].join(", ");
  const why = codes === "" ? "no member can give a snapshot" : `not all is well with etcd (${codes})`;
  return judge(await observeAgain(context, first, { why, memory: "wanted" }));
}

/** The set is made all the same: it is needed most when this machine is the damaged one. */
function unreadMemory(problem: string | undefined): readonly BackupMark[] {
  return problem === undefined ? [] : [{ code: "PART_MISSING", because: `what this machine saw before is not in it: ${problem}` }];
}

/** Members whose data is what most members have; the others are not taken, unless one was asked for and that is accepted. */
async function compareHashes(
  context: CreateBackupContext,
  judged: SourceJudgement,
  { from }: CreateBackupRequest,
): Promise<{ readonly candidates: readonly SourceCandidate[]; readonly marks: readonly BackupMark[] }> {
  const { candidates, compared } = judged;
  if (compared.length < 2) return { candidates, marks: [] };
  context.report({ kind: "phase", text: "comparing the members' data" });
  const revision = compared.reduce(
    (least, { status }) => (status.revision < least ? status.revision : least),
    compared[0]?.status.revision ?? 0n,
  );
  const hashes = await askMemberHashes(
    context.ports.etcd,
    compared.map(({ host }) => host),
    { revision, signal: context.signal, sleep: (ms, signal) => context.ports.clock.sleep(ms, signal) },
  );
  const { hosts, marks } = judgeHashes(hashes, { revision, voters: judged.members.filter(({ isLearner }) => !isLearner).length });
  const agreeing = candidates.filter(({ host }) => hosts.includes(host));
  if (from === undefined || agreeing.length > 0) return { candidates: agreeing, marks };
  // It said nothing: that is marked, and it may hold what the others hold.
  if (hashes.some((hash) => hash.host === from && "problem" in hash)) return { candidates, marks };
  const because = `the member on ${from}, of which the set is to be, holds other data than ${hosts.join(", ")}`;
  return { candidates, marks: [...marks, { code: "MEMBERS_DISAGREE", because }] };
}

function hasSource(judged: SourceJudgement): boolean {
  return judged.kind === "stream" ? judged.candidates.length > 0 : judged.offlineHosts.length > 0;
}

function assertSource(judged: SourceJudgement, from: HostName | undefined): void {
  if (hasSource(judged)) return;
  throw new RecoveryError("BACKUP_NO_SOURCE", {
    subject: from === undefined ? "etcd" : `host ${from}`,
    detail: judged.marks.map(({ because }) => because).join("; "),
    remedies: [{ why: "see what can be reached, and what runs where", command: "requorum status" }],
  });
}

type MadeSet = Pick<CreatedBackup, "manifest" | "remarks">;

/** A member, or a host whose data dir is copied. */
interface Source {
  readonly host: HostName;
  /** undefined: its data dir is copied. */
  readonly candidate: SourceCandidate | undefined;
}

/**
 * One source after the other, until one gives a whole snapshot. What is wrong
 * with this machine or the store is wrong for all; that there is no room for
 * what one says that it has, is not: members are defragmented one by one. Of a set that is made, who
 * failed before is told: it may be the first sign of a disk that rots.
 */
async function firstThatWorks(
  context: CreateBackupContext,
  sources: readonly Source[],
  attempt: Omit<Attempt, keyof Source>,
): Promise<MadeSet> {
  const failed: { readonly host: HostName; readonly error: RecoveryError }[] = [];
  for (const source of sources) {
    try {
      const made = await oneSet(context, { ...attempt, ...source, marks: [...attempt.marks, ...failed.flatMap(unhealthyMark)] });
      const words = failed.map(
        ({ host, error }) =>
          `${host} gave no whole snapshot, and ${source.host} was asked instead: ${error.subject}: ${error.detail} (${error.code})`,
      );
      return { ...made, remarks: [...made.remarks, ...words] };
    } catch (error) {
      // Also when it was interrupted meanwhile: that a set may be listed is what must be known.
      if (error instanceof RecoveryError && error.code === "BACKUP_SET_UNDECIDED") throw error;
      context.signal.throwIfAborted();
      const isOfSource =
        error instanceof TooLargeForSpool || (error instanceof RecoveryError && /^(?:ETCD|SSH|REMOTE|SNAPSHOT|FILE|LOG)_/.test(error.code));
      if (!isOfSource || error.subject === `store ${context.backup.store.place}`) throw error;
      failed.push({ host: source.host, error });
    }
  }
  throw noneWorked(failed.map(({ error }) => error));
}

function noneWorked(failures: readonly RecoveryError[]): RecoveryError {
  const tooLarge = failures.filter((error) => error instanceof TooLargeForSpool);
  const [smallest] = tooLarge.toSorted((a, b) => (a.neededBytes < b.neededBytes ? -1 : 1));
  if (smallest !== undefined && tooLarge.length === failures.length) return smallest;
  const first = failures.find((error) => !(error instanceof TooLargeForSpool));
  if (first === undefined) throw new Error("no source was tried");
  if (failures.length === 1) return first;
  return new RecoveryError(first.code, {
    subject: "etcd",
    detail: `no member gave a whole snapshot. ${failures.map((error) => `${error.subject}: ${error.detail} (${error.code})`).join("; ")}`,
    cause: first,
  });
}

/** Of a connection that broke only a remark is made: the next look tells more. What a member gave damaged is of the member. */
function unhealthyMark({ host, error }: { readonly host: HostName; readonly error: RecoveryError }): readonly BackupMark[] {
  if (error.code !== "SNAPSHOT_BAD") return [];
  return [{ code: "MEMBER_UNHEALTHY", because: `the snapshot of ${host} is bad: ${error.detail}` }];
}

interface Attempt extends Source {
  readonly inventory: Inventory;
  readonly judged: SourceJudgement;
  readonly gathered: GatheredParts;
  readonly newest: BackupManifest | undefined;
  readonly known: readonly KnownBefore[];
  readonly marks: readonly BackupMark[];
  readonly request: CreateBackupRequest;
}

async function oneSet(context: CreateBackupContext, attempt: Attempt): Promise<MadeSet> {
  const spool = await context.backup.spool.open();
  const made = await orClearedAway(
    () => setOfSpool(context, attempt, spool),
    () => spool.remove(),
  );
  const left = await told("the sealed copy of the snapshot could not be removed", () => spool.remove());
  return left === undefined ? made : { ...made, remarks: [...made.remarks, left] };
}

async function setOfSpool(context: CreateBackupContext, attempt: Attempt, spool: SealedDirectory): Promise<MadeSet> {
  const writer = await beginSet(context);
  const manifest = await orClearedAway(
    () => writeSet(context, attempt, { spool, writer }),
    () => writer.abort(),
  );
  return { manifest, remarks: writer.remarks };
}

/** What made `work` fail is the thing to say, also where something of it stays: of the store the next writer clears that. */
async function orClearedAway<Result>(work: () => Promise<Result>, clear: () => Promise<void>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw await clear().then(
      () => error,
      (rest: unknown) => withRest(error, rest),
    );
  }
}

function beginSet(context: CreateBackupContext): Promise<SetWriter> {
  const { backup, ports, settings, passphrase, trust, signal } = context;
  const id = newSetId(ports.clock.nowIso(), ports.hashing.randomHex(3));
  return SetWriter.begin(
    { ...backup, clock: ports.clock, randomHex: (count) => ports.hashing.randomHex(count) },
    { id, recipients: settings.recipients, ...(passphrase === undefined ? {} : { passphrase }), signal, trustedKeys: trust.publicKeys },
  );
}

async function writeSet(
  context: CreateBackupContext,
  attempt: Attempt,
  to: { readonly spool: SealedDirectory; readonly writer: SetWriter },
): Promise<BackupManifest> {
  const { candidate, host, inventory, judged, gathered } = attempt;
  const { spool, writer } = to;
  // What was seen of the cluster until now is not newer than what the member gives; what is seen while it gives may be.
  const createdAt = context.ports.clock.nowIso();
  const taken =
    candidate === undefined
      ? await takeDataDir(context, to, { host, inventory })
      : await takeStream(context, to, { ...candidate, members: judged.members });
  context.report({ kind: "phase", text: "reading what was stored" });
  const describing = context.backup.describe(spool.reading(), { path: taken.path, etcdVersion: candidate?.status.version });
  const [found] = await Promise.all([describing, addGathered(writer, gathered, context.signal)]);
  assertSound(found, attempt);
  const marks = distinct([
    ...attempt.marks,
    ...taken.marks,
    ...contentMarks(found, attempt.newest),
    ...historyMarks(attempt.known, judged.clusterId, found),
  ]);
  assertAccepted(marks, attempt.request);
  return writer.finish({
    createdAt,
    program: context.program,
    createdBy: context.operator.by,
    cluster: clusterOf(context, attempt, found),
    snapshot: snapshotFacts(attempt, taken, found),
    marks,
  });
}

async function addGathered(writer: SetWriter, { parts }: GatheredParts, signal: AbortSignal): Promise<void> {
  for (const { kind, host, file } of parts) {
    const { content, ...head } = file;
    await writer.addPart({ kind, host, ...head }, content, signal);
  }
}

/** What is damaged at its making is no backup: the next member is asked. */
function assertSound(found: SnapshotDescription, { candidate, host }: Attempt): void {
  const subject = candidate === undefined ? `host ${host}` : `member ${candidate.status.memberId}`;
  if (found.problems.length > 0)
    throw new RecoveryError("SNAPSHOT_BAD", { subject, detail: `what ${host} gave is damaged: ${found.problems.join("; ")}` });
  if (candidate !== undefined && found.revision < candidate.status.revision)
    throw new RecoveryError("SNAPSHOT_BAD", {
      subject,
      detail: `what ${host} gave ends at revision ${String(found.revision)}, and it stood at ${String(candidate.status.revision)} before`,
    });
}

function clusterOf(context: CreateBackupContext, attempt: Attempt, found: SnapshotDescription): BackupManifest["cluster"] {
  const { config } = context;
  const members = attempt.candidate === undefined && found.members.length > 0 ? found.members : attempt.judged.members;
  return {
    name: config.cluster,
    platform: config.platform,
    etcdTopology: config.etcdTopology,
    clusterId: attempt.candidate?.status.clusterId ?? found.clusterId,
    kubernetesVersion: attempt.gathered.kubernetesVersion,
    etcdVersion: attempt.candidate?.status.version ?? found.etcdVersion,
    members: members.map(({ id, name, isLearner, peerUrls }) => ({ id, name, isLearner, peerUrls })),
  };
}

function snapshotFacts(attempt: Attempt, taken: TakenSnapshot, found: SnapshotDescription): BackupManifest["snapshot"] {
  return {
    form: taken.form,
    sourceHost: attempt.host,
    sourceMember: attempt.candidate?.status.memberId,
    sizeBytes: taken.sizeBytes,
    sha256: taken.sha256,
    revision: found.revision,
    totalKeys: found.totalKeys,
    hashKv: found.hashKv,
    // etcd says -1 of what was never compacted.
    compactRevision: found.compactRevision < 0n ? 0n : found.compactRevision,
    objects: found.objects,
  };
}

function distinct(marks: readonly BackupMark[]): readonly BackupMark[] {
  return [...new Map(marks.map((mark) => [`${mark.code} ${mark.because}`, mark])).values()];
}

/** "2026-11-22T03:15:00.123Z" and "a1b2c3": 20261122-031500-a1b2c3. */
export function newSetId(nowIso: string, random: string): BackupSetId {
  const digits = nowIso.replaceAll(/[^0-9]/g, "");
  return asBackupSetId(`${digits.slice(0, 8)}-${digits.slice(8, 14)}-${random}`);
}
