import { isDamage, reaches, standingOf, type SetStanding } from "../../catalogue/judge-proofs.ts";
import { listSets, type ListedSet } from "../../catalogue/list-sets.ts";
import { readAllProofs } from "../../catalogue/read-proofs.ts";
import { futureWords, isOfFuture, newestFirst, timeOfSet } from "../../catalogue/time-of-set.ts";
import type { BackupPartKind, ProofLevel } from "../../model/backup-set.ts";
import type { BackupSetId, HostName } from "../../model/ids.ts";
import { restorableKinds, type RestorableKind } from "../../model/restored-file.ts";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { StoredObject } from "../../ports/backup-store.ts";
import type { CatalogueContext } from "./backup-context.ts";

export type GoodSet = Exclude<ListedSet, { readonly kind: "damaged" }>;

/** Names shown where one was mistyped. */
const namesShown = 5;
/** Sets that are asked for their proofs when one to count on is looked for: of hourly ones two days. */
const setsJudged = 48;

/** A set that may be newer than what `latest` means, and is not meant. */
export interface PassedOver {
  readonly id: BackupSetId;
  readonly words: string;
  /** Whoever trusts this key takes it; undefined: it is another reason. */
  readonly signer: string | undefined;
}

export interface WantedSet {
  readonly name: string;
  readonly cluster: string;
  readonly nowMs: number;
  /** Called for `latest`, before anything is thrown: who goes back a day is to know it. */
  readonly onPassedOver: (set: PassedOver) => void;
  /** The same call with another set; absent: the verb only looks, and `latest` may be a set that is proven damaged. */
  readonly again?: (id: BackupSetId) => string;
  /** The call that gives what can still be read of a damaged set; absent: the verb needs all of it. */
  readonly ofDamaged?: (id: BackupSetId) => string;
}

/**
 * One set of the store by its name, by the beginning of its name, or as
 * `latest`: the newest of `cluster` that is trusted, and one of the future only
 * where there is no other. BACKUP_SET_NOT_FOUND;
 * BACKUP_SET_DAMAGED for one whose manifest cannot be read, and for `latest`
 * where a newer one cannot: it may be the one that is meant; and where it was
 * proven damaged, for who needs more than to look at it; BACKUP_STORE_*.
 */
export async function findSet(context: CatalogueContext, wanted: WantedSet): Promise<GoodSet> {
  const sets = await listSets(context.backup, context.trust, context.signal);
  const latest = latestOf(sets, wanted);
  if (wanted.name === "latest") {
    passedOver(sets, latest, wanted).forEach(wanted.onPassedOver);
    assertNoneNewer(sets, latest, wanted);
  }
  const found = wanted.name === "latest" ? latest : byName(sets, wanted.name);
  if (found === undefined) throw notFound(context, wanted, sets);
  if (found.kind === "damaged")
    throw new RecoveryError("BACKUP_SET_DAMAGED", {
      subject: `set ${found.id ?? found.object.name}`,
      detail: found.because,
      remedies: await otherSets(context, sets, wanted),
    });
  if (wanted.name === "latest" && wanted.again !== undefined)
    await assertNotDamaged(context, sets, found, { ...wanted, again: wanted.again });
  return found;
}

/** BACKUP_SET_UNTRUSTED, with the call that trusts who signed it. */
export function assertTrusted({ kind, id, because, signers }: GoodSet, again: NonNullable<WantedSet["again"]>): void {
  if (kind === "trusted") return;
  const [signer = ""] = signers;
  throw new RecoveryError("BACKUP_SET_UNTRUSTED", {
    subject: `set ${id}`,
    detail: because,
    remedies: [
      {
        why: "if you know this key, as from `requorum backup list` on the machine that makes the backups, say so",
        command: `${again(id)} --trust-signer ${shellWord(signer)}`,
      },
    ],
  });
}

/** Who takes the newest would find out in the midst of it. */
async function assertNotDamaged(
  context: CatalogueContext,
  sets: readonly ListedSet[],
  latest: GoodSet,
  wanted: WantedSet & { readonly again: NonNullable<WantedSet["again"]> },
): Promise<void> {
  const { failing } = await standingIn(context, latest);
  if (failing === undefined || !isDamage(failing)) return;
  throw new RecoveryError("BACKUP_SET_DAMAGED", {
    subject: `set ${latest.id}`,
    detail: `it is the newest of cluster ${wanted.cluster}, and a verification found it damaged: ${failing.level} fails: ${failing.because}`,
    remedies: [
      ...(await otherSets(context, sets, wanted)),
      ...(wanted.ofDamaged === undefined
        ? []
        : [{ why: "objects of the damaged one that can still be read, by its name", command: wanted.ofDamaged(latest.id) }]),
    ],
  });
}

async function otherSets(context: CatalogueContext, sets: readonly ListedSet[], wanted: WantedSet): Promise<readonly Remedy[]> {
  const { again } = wanted;
  const proven = again === undefined ? undefined : await newestProven(context, sets, wanted);
  const marks = [...new Set(proven?.set.manifest.marks.map(({ code }) => code))].join(", ");
  return [
    ...(proven === undefined || again === undefined
      ? []
      : [
          {
            why: `the newest set that is proven (${proven.level}) is of ${proven.set.manifest.createdAt}${marks === "" ? "" : `, marked ${marks}`}; if that one will do`,
            command: again(proven.set.id),
          },
        ]),
    { why: "see all sets there, and what is known of each", command: "requorum backup list" },
  ];
}

/** Whose bytes were all read since anything was found wrong with them. undefined: none of the newest. */
async function newestProven(
  context: CatalogueContext,
  sets: readonly ListedSet[],
  { cluster, nowMs }: WantedSet,
): Promise<{ readonly set: GoodSet; readonly level: ProofLevel } | undefined> {
  for (const set of newestFirst(trustedOf(sets, cluster), nowMs).slice(0, setsJudged)) {
    const { proven, failing, unread } = await standingIn(context, set);
    const level = proven?.level;
    if (failing === undefined && unread === undefined && level !== undefined && reaches(level, "V1")) return { set, level };
  }
  return undefined;
}

async function standingIn({ backup, trust, signal }: CatalogueContext, set: GoodSet): Promise<SetStanding> {
  const { known, ofUnknownKeys, unread } = await readAllProofs({ store: backup.store, ciphers: backup.ciphers, trust }, set, signal);
  return standingOf(known, ofUnknownKeys, unread);
}

/**
 * As `findSet`, for files of one machine: where it was down when the set was
 * made, it is another set that has them. That one is named, and not taken
 * unasked: it is older. BACKUP_SET_LACKS_PARTS too.
 */
export async function findSetOfHost(
  context: CatalogueContext,
  wanted: Omit<Required<WantedSet>, "ofDamaged"> & {
    readonly host: HostName;
    /** All of them; none: anything that can be put back. */
    readonly kinds: readonly RestorableKind[];
  },
): Promise<GoodSet> {
  const found = await findSet(context, wanted);
  const lacking = lackingIn(found, wanted);
  // A set of another cluster is told as that.
  if (lacking === undefined || found.manifest.cluster.name !== wanted.cluster) return found;
  const sets = await listSets(context.backup, context.trust, context.signal);
  const other = latestOf(
    sets.filter((set) => set.kind === "trusted" && lackingIn(set, wanted) === undefined),
    wanted,
  );
  // No set has that kind, but this one has others of the machine: it is the wish that is wrong.
  if (other === undefined && lackingIn(found, { ...wanted, kinds: [] }) === undefined) return found;
  const marks = found.manifest.marks.filter(({ code, because }) => code === "MACHINE_UNREACHED" && because.startsWith(`${wanted.host}:`));
  const why = marks.map(({ because }) => ` (${because})`).join("");
  throw new RecoveryError("BACKUP_SET_LACKS_PARTS", {
    subject: `set ${found.id}`,
    detail: `it has no ${lacking} of ${wanted.host}${why}; ${other === undefined ? `no trusted set of cluster ${wanted.cluster} in ${context.backup.store.place} has` : `set ${other.id} of ${other.manifest.createdAt} has, the newest of those that do`}`,
    remedies: [
      ...(other === undefined ? [] : [{ why: "put it back from that one, if it will do", command: wanted.again(other.id) }]),
      { why: "see what the set has of which machine", command: `requorum backup show ${found.id}` },
    ],
  });
}

function lackingIn(
  { manifest }: GoodSet,
  { host, kinds }: { readonly host: HostName; readonly kinds: readonly RestorableKind[] },
): string | undefined {
  const has = (kind: BackupPartKind): boolean => manifest.contents.some((one) => one.host === host && one.kind === kind);
  if (!restorableKinds.some(has)) return "parts";
  return kinds.find((kind) => !has(kind));
}

/** The newest trusted set of a cluster, by the time of its making; one of the future only where there is no other. */
export function latestOf(sets: readonly ListedSet[], { cluster, nowMs }: Pick<WantedSet, "cluster" | "nowMs">): GoodSet | undefined {
  return newestFirst(trustedOf(sets, cluster), nowMs)[0];
}

function trustedOf(sets: readonly ListedSet[], cluster: string): readonly GoodSet[] {
  return sets.flatMap((set) => (set.kind === "trusted" && set.manifest.cluster.name === cluster ? [set] : []));
}

/** What is newer by an unknown key's word, and what is newer by a clock that was wrong; never `latest` itself. */
export function passedOver(
  sets: readonly ListedSet[],
  latest: GoodSet | undefined,
  { cluster, nowMs }: Pick<WantedSet, "cluster" | "nowMs">,
): readonly PassedOver[] {
  const others = newestFirst(
    sets.flatMap((set) => (set.kind !== "damaged" && set.manifest.cluster.name === cluster && set.id !== latest?.id ? [set] : [])),
    nowMs,
  );
  const isAhead = ({ manifest }: GoodSet): boolean => isOfFuture(manifest, nowMs);
  const isNewer = (set: GoodSet): boolean => latest === undefined || isAhead(latest) || timeOfSet(set) > timeOfSet(latest);
  const future = others.find((set) => set.kind === "trusted" && isAhead(set));
  const untrusted = others.filter((set) => set.kind === "untrusted" && isNewer(set));
  // The newest that is, and the newest by its own word: a date of 2099 hides none.
  const told = [untrusted.find((set) => !isAhead(set)), untrusted.find(isAhead)];
  return [
    ...(future === undefined ? [] : [{ id: future.id, words: futureWords(future.manifest, nowMs), signer: undefined }]),
    ...told.flatMap((set) => (set === undefined ? [] : [untrustedWords(set, latest?.id, nowMs)])),
  ];
}

/** Of a set of an unknown signer; `taken`: which set is taken in its stead. */
function untrustedWords({ id, manifest, signers }: GoodSet, taken: BackupSetId | undefined, nowMs: number): PassedOver {
  const [signer = ""] = signers;
  const than = taken === undefined ? "is there" : `is newer than ${taken}`;
  const which = isOfFuture(manifest, nowMs)
    ? `${futureWords(manifest, nowMs)}. It is passed over, too, as`
    : `set ${id} of ${manifest.createdAt} ${than}, and is passed over:`;
  return {
    id,
    words: `${which} ${signer} signed it, which is not among the known keys. If that is the key of a machine of yours, add it to \`backup.signers\`, or trust it in one call`,
    signer,
  };
}

/** Who takes the one before it silently goes back a day. */
function assertNoneNewer(sets: readonly ListedSet[], latest: GoodSet | undefined, { cluster, nowMs }: WantedSet): void {
  const isNewer = (id: BackupSetId, object: StoredObject): boolean => {
    const madeMs = timeByName(id, object);
    // One of the future is only taken for want of others: this may be one.
    if (latest === undefined || (isOfFuture(latest.manifest, nowMs) && madeMs <= nowMs)) return true;
    const ahead = madeMs - timeOfSet(latest);
    return ahead > 0 || (ahead === 0 && id > latest.id);
  };
  const newer = sets.findLast(({ kind, id, object }) => kind === "damaged" && id !== undefined && isNewer(id, object));
  if (newer?.kind !== "damaged") return;
  const readable =
    latest === undefined
      ? `and there is no trusted set of cluster ${cluster} that can be`
      : `and it is newer than ${latest.id}, the newest of cluster ${cluster} that can be; if that one will do, give its name`;
  throw new RecoveryError("BACKUP_SET_DAMAGED", {
    subject: `set ${newer.id ?? newer.object.name}`,
    detail: `it cannot be read, ${readable}: ${newer.because}`,
    remedies: [{ why: "see all sets there, and what is known of each", command: "requorum backup list" }],
  });
}

/** As `timeOfSet`; a name begins with when it was made, in whole seconds. */
function timeByName(id: BackupSetId, { modifiedAt }: Pick<StoredObject, "modifiedAt">): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id) ?? [];
  const madeMs = Date.parse(`${year ?? ""}-${month ?? ""}-${day ?? ""}T${hour ?? ""}:${minute ?? ""}:${second ?? ""}Z`);
  return Math.min(Number.isNaN(madeMs) ? Number.POSITIVE_INFINITY : madeMs, Date.parse(modifiedAt));
}

function byName(sets: readonly ListedSet[], name: string): ListedSet | undefined {
  const exact = sets.find((set) => set.id === name);
  if (exact !== undefined) return exact;
  const begun = name.length < 3 ? [] : sets.filter((set) => set.id?.startsWith(name) === true);
  const [only] = begun;
  if (begun.length <= 1) return only;
  throw new RecoveryError("BACKUP_SET_NOT_FOUND", {
    subject: `set ${name}`,
    detail: `${String(begun.length)} sets begin so: ${begun.map((set) => set.id).join(", ")}; give more of the name`,
    remedies: [{ why: "see their whole names, and how old each is", command: "requorum backup list" }],
  });
}

function notFound(
  context: CatalogueContext,
  wanted: { readonly name: string; readonly cluster: string },
  sets: readonly ListedSet[],
): RecoveryError {
  const names = sets
    .flatMap((set) => set.id ?? [])
    .slice(-namesShown)
    .reverse();
  const [only = ""] = names;
  const there =
    names.length === 0
      ? "there is none at all"
      : names.length === 1
        ? `the only one there is ${only}`
        : `the newest there are ${names.join(", ")}`;
  return new RecoveryError("BACKUP_SET_NOT_FOUND", {
    subject: `set ${wanted.name}`,
    detail: `${context.backup.store.place} has no ${wanted.name === "latest" ? `trusted set of cluster ${wanted.cluster}` : "such set"}; ${there}`,
    remedies: [{ why: "see all sets there", command: "requorum backup list" }],
  });
}
