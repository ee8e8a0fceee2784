import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import { isOwnRecord, resourceText, type RegistryKey } from "../../formats/kubernetes/registry-key.ts";
import type { SealKey } from "../../formats/kubernetes/sealed-value.ts";
import type { IncompleteObject, UnreadObject } from "../../model/file-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { customResourceNames } from "./custom-resource-names.ts";
import { showing, type FileContext } from "./file-context.ts";
import { inKeyOrder, type KeyPlace } from "./key-order.ts";
import { isMadeAgain } from "./made-again.ts";
import { misplacedWords } from "./misplaced-words.ts";
import { missingObjects } from "./missing-objects.ts";
import type { SelectedObjects } from "./nothing-got.ts";
import type { ObjectSelection, ObjectSelector } from "./object-selection.ts";
import { newestRecords } from "./newest-records.ts";
import { liveObjects, readObject, type LiveObjects, type ReadObject } from "./read-objects.ts";

export interface WantedObjects {
  readonly path: string;
  readonly selection: ObjectSelection;
  /** 0n: the newest. */
  readonly revision: bigint;
  /** Where no resource is named: also what the cluster makes again by itself. */
  readonly includesMadeAgain?: boolean;
  /** Of several clusters in one etcd: the one whose keys begin so. undefined: the one with the most. */
  readonly prefix?: string | undefined;
  /**
   * Below which the API server of this very source keeps its objects, by its
   * own settings: what is asked for one by one is then looked for there, from
   * the newest record back, and only as far as it takes.
   */
  readonly ownPrefix?: string | undefined;
}

export interface FoundObject {
  readonly key: string;
  readonly modRevision: bigint;
  readonly read: Extract<ReadObject, { readonly kind: "object" }>;
}

/** Of each kind; all are counted. Who has more of them reads no list, and their names must not fill the memory. */
const namedMax = 10_000;

/**
 * The selected objects of one state in the order of apply. Their keys are
 * found in a walk over what is live, and sorted; each value is then looked up
 * by its revision, so that only one is held at a time.
 */
export class ObjectsInOrder {
  private readonly context: FileContext;
  private readonly request: WantedObjects;
  private readonly bolt: BoltReader;
  private readonly selector: ObjectSelector;
  private readonly live: LiveObjects;
  private readonly reading: { readonly sealKeys: readonly SealKey[] | undefined; readonly types: LiveObjects["types"] };
  private readonly prefixes: readonly string[];
  private readonly leftAside = new Map<string, number>();
  private readonly elsewhere = new Map<string, number>();
  private readonly unread: UnreadObject[] = [];
  private readonly unreadCounts = { sealed: 0, other: 0 };
  private readonly incomplete: IncompleteObject[] = [];
  private incompleteCount = 0;
  /** Of the values of what is selected, for progress. */
  private selectedBytes = 0;

  /** Two passes over the source, or three. Throws USAGE, REVISION_NOT_IN_FILE, FILE_DAMAGED. */
  constructor(
    context: FileContext,
    request: WantedObjects,
    source: { readonly bolt: BoltReader; readonly selector: ObjectSelector; readonly sealKeys: readonly SealKey[] | undefined },
  ) {
    const { bolt, selector, sealKeys } = source;
    this.context = context;
    this.request = request;
    this.bolt = bolt;
    this.selector = selector;
    const prefix = request.prefix ?? request.ownPrefix;
    const near =
      request.ownPrefix === undefined || prefix === undefined ? undefined : newestRecords(bolt, selector, { ...request, prefix });
    this.live = near ?? liveObjects(context, bolt, request.revision);
    this.reading = { sealKeys, types: this.live.types };
    if (selector.hasForeignWord) selector.learn(customResourceNames(this.live));
    this.prefixes = wantedPrefixes(request, this.live);
  }

  /** Once. Throws USAGE before the first for a word that names no resource, FILE_DAMAGED. */
  *read(heldKeys: number | undefined): Iterable<FoundObject> {
    const show = showing(this.context, "reading objects");
    let doneBytes = 0;
    for (const { main, sub } of inKeyOrder((turn) => this.places(turn === 0), { heldKeys })) {
      const found = this.live.find(main, sub);
      if (found === undefined) throw new Error(`${this.request.path}: revision ${main} was there before and is not any more`);
      const { key, record } = found;
      doneBytes += record.value.length;
      show(doneBytes, this.selectedBytes);
      const read = readObject(this.context, found, this.reading);
      if (read.kind === "object" && !this.selector.matchesLabels(read.object)) continue;
      const parsed = this.live.keys.parse(key);
      this.selector.noteFound(key, parsed);
      const misplaced = read.kind === "object" ? misplacedWords(parsed, read.object) : undefined;
      // Who names the key itself wants to see what is there.
      const isKeyWanted = key === this.request.selection.what;
      if (misplaced !== undefined && !isKeyWanted)
        this.noteUnread({ key, isSealed: false, why: `${misplaced}; ask for the key itself to get it all the same` });
      else if (read.kind === "unread") this.noteUnread({ key, isSealed: read.isSealed, why: read.why });
      else if (this.isLeftAside(parsed, read)) addOne(this.leftAside, resourceText(parsed));
      else {
        this.noteIncomplete(key, read, misplaced);
        yield { key, modRevision: record.modRevision, read };
      }
    }
  }

  /** After all was read; costs a pass over the source when something is not there. */
  summary(objectCount: number): SelectedObjects {
    const { request, live, leftAside, unread, incomplete, incompleteCount, elsewhere, prefixes, selector } = this;
    const unreadCount = this.unreadCounts.sealed + this.unreadCounts.other;
    return {
      file: request.path,
      revision: live.revision,
      objectCount,
      leftAside: [...leftAside].sort().map(([resource, count]) => ({ resource, objects: count })),
      unread,
      unreadCount,
      incomplete,
      incompleteCount,
      missing: missingObjects(this.bolt, request, {
        live,
        selector,
        prefixes,
        isEmpty: objectCount + unreadCount + leftAside.size === 0,
      }),
      elsewhere: [...elsewhere].map(([prefix, count]) => ({ prefix, objects: count })),
      prefixes,
    };
  }

  /** Where the records are whose keys are selected. A pass over the source. */
  private *places(isFirst: boolean): Iterable<KeyPlace> {
    const { live, prefixes, request, selector } = this;
    for (const found of live.records({ reusesMemory: true })) {
      const { key, record } = found;
      const parsed = live.keys.parse(key);
      if (!selector.matchesKey(key, parsed)) continue;
      // Asked for by name they are shown; among all objects they would make kubectl fail.
      if (request.selection.what === undefined && parsed !== undefined && isOwnRecord(parsed)) continue;
      if (parsed !== undefined && !prefixes.includes(parsed.prefix) && key !== request.selection.what) {
        // undefined: no cluster was chosen against the others.
        if (isFirst && request.prefix === undefined && this.hasLabels(found)) addOne(this.elsewhere, parsed.prefix);
        continue;
      }
      if (isFirst) this.selectedBytes += record.value.length;
      yield { rank: rankOf(key), key: record.key, main: Number(record.main), sub: Number(record.sub) };
    }
    if (isFirst) selector.assertWordsKnown(`this file${request.revision === 0n ? "" : ` at revision ${String(live.revision)}`}`);
  }

  private hasLabels(found: Parameters<typeof readObject>[1]): boolean {
    if (this.request.selection.selector === undefined) return true;
    const read = readObject(this.context, found, this.reading);
    return read.kind === "unread" || this.selector.matchesLabels(read.object);
  }

  private isLeftAside(parsed: RegistryKey | undefined, { object }: FoundObject["read"]): parsed is RegistryKey {
    return this.selector.isWhole && this.request.includesMadeAgain !== true && parsed !== undefined && isMadeAgain(parsed, object);
  }

  private noteUnread(one: UnreadObject): void {
    const kind = one.isSealed ? "sealed" : "other";
    this.unreadCounts[kind] += 1;
    if (this.unreadCounts[kind] <= namedMax) this.unread.push(one);
  }

  private noteIncomplete(key: string, { unknownFields, unknownFieldCount }: FoundObject["read"], misplaced: string | undefined): void {
    if (unknownFieldCount === 0 && misplaced === undefined) return;
    this.incompleteCount += 1;
    if (this.incompleteCount <= namedMax) this.incomplete.push({ key, unknownFields, unknownFieldCount, misplaced });
  }
}

/** `kubectl apply` sends them in this order: a namespace, and the definition of a kind, must be there before what lies in it. */
function rankOf(key: string): number {
  return key.includes("/namespaces/") ? 0 : key.includes("/apiextensions.k8s.io/customresourcedefinitions/") ? 1 : 2;
}

/** Two clusters may share an etcd: objects of both, applied together, would be a mixture of the two. */
function wantedPrefixes(request: WantedObjects, live: LiveObjects): readonly string[] {
  if (request.prefix === undefined) return live.keys.mainPrefixes;
  const prefix = request.prefix.replace(/\/+$/, "");
  if (live.keys.prefixes.includes(prefix)) return [prefix];
  const known = live.keys.prefixes.length === 0 ? "this file has none" : `this file has ${live.keys.prefixes.join(" and ")}`;
  throw new RecoveryError("USAGE", { subject: "option --prefix", detail: `no API server wrote below ${request.prefix}; ${known}` });
}

function addOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
