import { fieldDiff } from "../../formats/kubernetes/field-diff.ts";
import { resourceText, type RegistryKey } from "../../formats/kubernetes/registry-key.ts";
import { readSeal, type SealKey } from "../../formats/kubernetes/sealed-value.ts";
import type { FileLogLoss, MetaDamage } from "../../model/file-inspection.ts";
import type { FileDiff, ObjectDiff } from "../../model/file-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { checksumOf, onCheckedContent } from "./check-trailer.ts";
import { customResourceNames } from "./custom-resource-names.ts";
import type { FileContext } from "./file-context.ts";
import { metaDamageOf, withMetaDamage } from "./meta-damage.ts";
import { ObjectSelector, type ObjectSelection } from "./object-selection.ts";
import { withState, type OpenState, type StateRequest } from "./open-state.ts";
import { withLogLoss } from "./replayed-state.ts";
import { liveObjects, readObject, sealKeysOf, type FoundRecord, type LiveObjects, type ReadObject } from "./read-objects.ts";
import { walDirFinder, type WalDirs } from "./wal-dirs.ts";
import { ValueTable } from "./value-table.ts";

export interface DiffFilesRequest {
  readonly from: StateRequest & { readonly revision: bigint };
  readonly to: StateRequest & { readonly revision: bigint };
  readonly selection: ObjectSelection;
  /** Leases and events too, and what every write changes. */
  readonly includesNoise: boolean;
  readonly encryptionConfig: string | undefined;
  /** Of the sources themselves, besides those of `encryptionConfig`. */
  readonly sealKeys?: readonly SealKey[] | undefined;
  /** Of either; taken where `from` and `to` say none themselves. */
  readonly walDirs?: WalDirs;
}

/** What a screen and a program can take; counts go on beyond. */
const maxListed = 10_000;
/** Renewed every few seconds, or kept for an hour. */
const noise = ["leases.coordination.k8s.io", "events", "masterleases"];

/** Of values that differ; each time so many are together, the first state is read once for them. */
const heldBytesDefault = 32 * 1024 * 1024;
/** What holding a value costs beside its bytes and its key (measured). */
const heldEntryBytes = 300;

export interface DiffLimits {
  readonly heldBytes?: number | undefined;
  readonly maxKeys?: number | undefined;
}

/**
 * Objects that are in one of two states only, or differ, in memory bounded by
 * a constant: of the first state's keys and values hashes are held. Throws USAGE for one state
 * twice, for a word that names no resource, and when neither has anything of
 * what is to be compared; where that may be because not all was read or
 * counts, OBJECT_NOT_FOUND.
 */
export function diffFiles(context: FileContext, request: DiffFilesRequest, limits: DiffLimits = {}): FileDiff {
  if (request.from.path === request.to.path && request.from.revision === request.to.revision)
    throw new RecoveryError("USAGE", {
      subject: "argument to",
      detail: `${request.from.path} would be compared with itself: give a second file, or --from-revision or --to-revision`,
    });
  const sealKeys = sealKeysOf(context, request);
  const walDirOf = walDirFinder(context, request.walDirs ?? {});
  const first = { ...request.from, walDir: request.from.walDir ?? walDirOf(request.from.path) };
  const second = { ...request.to, walDir: request.to.walDir ?? walDirOf(request.to.path) };
  return withState(context, first, (from) => {
    const compareWith = (to: OpenState): FileDiff =>
      onCheckedContent(context, from, first, (checkedFrom) => {
        const compare = (checkedTo: typeof checkedFrom): FileDiff => {
          const diff = new FileComparison(context, request, { sealKeys, limits }).run(from, to);
          return {
            ...diff,
            from: { ...diff.from, sha256: checksumOf(from, checkedFrom()), logLoss: from.state().loss, metaDamage: metaDamageOf(from) },
            to: { ...diff.to, sha256: checksumOf(to, checkedTo()), logLoss: to.state().loss, metaDamage: metaDamageOf(to) },
          };
        };
        return to === from ? compare(checkedFrom) : onCheckedContent(context, to, second, compare);
      });
    // Two revisions of one source: it is checked, and its log replayed, once.
    const isOneSource = first.path === second.path && first.committedOnly === second.committedOnly && first.walDir === second.walDir;
    return isOneSource ? compareWith(from) : withState(context, second, compareWith);
  });
}

/** Of a side, before both were read to their ends. */
const unchecked = { sha256: undefined, logLoss: undefined, metaDamage: undefined };

class FileComparison {
  private readonly context: FileContext;
  private readonly request: DiffFilesRequest;
  private readonly sealKeys: readonly SealKey[] | undefined;
  private readonly selector: ObjectSelector;
  private readonly counts = new Map<string, { before: number; after: number; added: number; removed: number; changed: number }>();
  private readonly listed: ObjectDiff[] = [];
  private isCutOff = false;
  private noiseCount = 0;
  private readonly limits: DiffLimits;
  private sides: { readonly before: LiveObjects; readonly after: LiveObjects } | undefined;

  constructor(
    context: FileContext,
    request: DiffFilesRequest,
    { sealKeys, limits }: { readonly sealKeys: readonly SealKey[] | undefined; readonly limits: DiffLimits },
  ) {
    this.context = context;
    this.request = request;
    this.sealKeys = sealKeys;
    this.limits = limits;
    this.selector = new ObjectSelector(request.selection);
  }

  run(from: OpenState, to: OpenState): FileDiff {
    const { request, context } = this;
    const before = liveObjects(context, from.state().bolt, request.from.revision);
    const after = liveObjects(context, to.state().bolt, request.to.revision);
    this.sides = { before, after };
    if (this.selector.hasForeignWord) this.selector.learn([...customResourceNames(before), ...customResourceNames(after)]);
    const known = new ValueTable(context, this.limits.maxKeys);
    let isFirst = true;
    do {
      for (const { resource, record } of this.compared(before)) {
        if (isFirst) this.count(resource).before += 1;
        if (known.take(record.key)) known.note(record.value);
      }
      this.compareWith(known, isFirst);
      if (isFirst) {
        this.selector.assertWordsKnown("what is compared");
        const sides = to === from ? [from] : [from, to];
        this.assertSomething(
          sides.map((one) => one.state().loss),
          sides.map((one) => metaDamageOf(one)),
        );
      }
      isFirst = false;
    } while (known.nextPart());
    return {
      from: { file: request.from.path, revision: before.revision, ...unchecked },
      to: { file: request.to.path, revision: after.revision, ...unchecked },
      resources: [...this.counts].map(([resource, count]) => ({ resource, ...count })).sort((a, b) => (a.resource < b.resource ? -1 : 1)),
      objects: this.listed.sort((a, b) => (a.key < b.key ? -1 : 1)),
      isCutOff: this.isCutOff,
      missing: this.selector.missing,
    };
  }

  /** The keys of this part of `known`, in the second state, then those that are in the first only. */
  private compareWith(known: ValueTable, isFirst: boolean): void {
    const { before, after } = this.states();
    const differing = new Map<string, Uint8Array>();
    let heldBytes = 0;
    for (const { key, resource, record } of this.compared(after)) {
      if (isFirst) this.count(resource).after += 1;
      if (!known.take(record.key)) continue;
      const change = known.match(record.value);
      if (change === "added") this.note(key, resource, "added", []);
      if (change !== "differs") continue;
      differing.set(key, record.value.slice()); // a copy: the walk uses its memory again, and would hold far more than the value
      heldBytes += record.value.length + key.length + heldEntryBytes;
      if (heldBytes < (this.limits.heldBytes ?? heldBytesDefault)) continue;
      this.compareDiffering(before, differing);
      differing.clear();
      heldBytes = 0;
    }
    if (known.unmatchedCount > 0)
      for (const { key, resource, record } of this.compared(before))
        if (known.take(record.key) && known.isUnmatched()) this.note(key, resource, "removed", []);
    this.compareDiffering(before, differing);
  }

  /** What is to be compared of one state. A pass over it. */
  private *compared(live: LiveObjects): Iterable<FoundRecord & { readonly resource: string }> {
    for (const { key, record } of live.records({ reusesMemory: true })) {
      const resource = this.resourceOf(key);
      if (resource !== undefined) yield { key, record, resource };
    }
  }

  private states(): { readonly before: LiveObjects; readonly after: LiveObjects } {
    if (this.sides === undefined) throw new Error("a comparison without its states");
    return this.sides;
  }

  /** The old values are read again, for those keys only. */
  private compareDiffering(before: LiveObjects, differing: ReadonlyMap<string, Uint8Array>): void {
    if (differing.size === 0) return;
    const reading = { sealKeys: this.sealKeys, types: before.types };
    for (const found of before.records({ reusesMemory: true })) {
      const value = differing.get(found.key);
      if (value === undefined) continue;
      const old = { read: readObject(this.context, found, reading), isSealed: readSeal(found.record.value) !== undefined };
      const newer = { key: found.key, record: { key: found.record.key, value } };
      const now = { read: readObject(this.context, newer, reading), isSealed: readSeal(value) !== undefined };
      const fields =
        this.parse(found.key) === undefined && isUnread(old, now) ? ["(its value)"] : differences(old, now, this.request.includesNoise);
      if (fields.length > 0) this.note(found.key, this.resourceOf(found.key) ?? "", "changed", fields);
    }
  }

  /** undefined: it is not to be compared. */
  private resourceOf(key: string): string | undefined {
    const { selection, includesNoise } = this.request;
    const parsed = this.parse(key);
    const isAll = selection.what === undefined && selection.namespace === undefined;
    if (!(isAll && parsed === undefined) && !this.selector.matchesKey(key, parsed)) return undefined;
    this.selector.noteFound(key, parsed);
    if (parsed === undefined) return "(other keys)";
    // Asked for by name it is none.
    if (!includesNoise && this.selector.isWhole && noise.includes(resourceText(parsed))) {
      this.noiseCount += 1;
      return undefined;
    }
    return this.mainPrefixes.includes(parsed.prefix) ? resourceText(parsed) : `${resourceText(parsed)} below ${parsed.prefix}`;
  }

  /** One state may have too little to show where its objects lie. */
  private parse(key: string): RegistryKey | undefined {
    return this.sides?.before.keys.parse(key) ?? this.sides?.after.keys.parse(key);
  }

  private get mainPrefixes(): readonly string[] {
    const main = this.sides?.before.keys.mainPrefixes ?? [];
    return main.length > 0 ? main : (this.sides?.after.keys.mainPrefixes ?? []);
  }

  /** No difference in nothing is no answer. */
  private assertSomething(losses: readonly (FileLogLoss | undefined)[], damages: readonly (MetaDamage | undefined)[]): void {
    const { selection, from, to } = this.request;
    if (this.counts.size > 0 || (selection.what === undefined && selection.namespace === undefined)) return;
    const files = from.path === to.path ? `${from.path} at neither revision` : `neither ${from.path} nor ${to.path}`;
    const wanted = [selection.what ?? "anything", ...(selection.namespace === undefined ? [] : [`in namespace ${selection.namespace}`])];
    const noiseWords = this.noiseCount === 0 ? "" : ", but for leases and events, which --all compares";
    const detail = `${files} has ${wanted.join(" ")}${noiseWords}`;
    // A mistyped name must not look like a difference to who goes by the exit code.
    if (this.noiseCount === 0 && losses.every((loss) => loss === undefined) && damages.every((one) => one?.isInLog !== false))
      throw new RecoveryError("USAGE", { subject: `option --${selection.what === undefined ? "namespace" : "only"}`, detail });
    const error = losses.reduce(withLogLoss, new RecoveryError("OBJECT_NOT_FOUND", { subject: "what is compared", detail }));
    throw damages.reduce(withMetaDamage, error);
  }

  private note(key: string, resource: string, change: ObjectDiff["change"], fields: readonly string[]): void {
    this.count(resource)[change] += 1;
    if (this.listed.length === maxListed) {
      this.isCutOff = true;
      return;
    }
    const parsed = this.parse(key);
    this.listed.push({ key, resource, namespace: parsed?.namespace, name: parsed?.name ?? key, change, fields });
  }

  private count(resource: string): { before: number; after: number; added: number; removed: number; changed: number } {
    const known = this.counts.get(resource) ?? { before: 0, after: 0, added: 0, removed: 0, changed: 0 };
    this.counts.set(resource, known);
    return known;
  }
}

interface ReadSide {
  readonly read: ReadObject;
  readonly isSealed: boolean;
}

function isUnread(old: ReadSide, now: ReadSide): boolean {
  return old.read.kind === "unread" || now.read.kind === "unread";
}

/** Of two values whose bytes differ: what is different; empty for what every write changes, where that is not wanted. */
function differences(
  { read: old, isSealed: wasSealed }: ReadSide,
  { read: now, isSealed }: ReadSide,
  includesNoise: boolean,
): readonly string[] {
  if (old.kind === "unread" || now.kind === "unread") {
    const before = old.kind === "unread" ? old.why : "it can be read";
    const after = now.kind === "unread" ? now.why : "it can be read";
    return [before === after ? `(cannot be compared: ${before})` : `(cannot be compared: before, ${before}; after, ${after})`];
  }
  const unknown = [...new Set([...old.unknownFields, ...now.unknownFields])];
  const rest = unknown.length === 0 ? [] : [`(fields of a newer Kubernetes, which cannot be compared here: ${unknown.join(", ")})`];
  const changes = fieldDiff(old.object, now.object, { includesBookkeeping: true });
  if (changes.length > 0 || rest.length > 0) {
    const wanted = includesNoise ? changes : fieldDiff(old.object, now.object);
    return [...wanted.map((field) => `${field.path} ${field.kind}`), ...rest];
  }
  // Encrypted again, the same object has other bytes.
  if (wasSealed || isSealed) return [];
  return [
    old.form === now.form
      ? "(only how it is stored: every field is the same)"
      : `(only how it is stored: as ${old.form} before, as ${now.form} after)`,
  ];
}
