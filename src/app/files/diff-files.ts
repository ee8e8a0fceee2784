import { fieldDiff } from "../../formats/kubernetes/field-diff.ts";
import { resourceText } from "../../formats/kubernetes/registry-key.ts";
import type { SealKey } from "../../formats/kubernetes/sealed-value.ts";
import { crc32c } from "../../formats/crc32c.ts";
import type { FileDiff, ObjectDiff } from "../../model/file-objects.ts";
import { onCheckedContent } from "./check-trailer.ts";
import type { FileContext } from "./file-context.ts";
import { ObjectSelector, type ObjectSelection } from "./object-selection.ts";
import { withState, type OpenState, type StateRequest } from "./open-state.ts";
import { liveObjects, readRecord, sealKeysOf, type LiveObjects } from "./read-objects.ts";

export interface DiffFilesRequest {
  readonly from: StateRequest & { readonly revision: bigint };
  readonly to: StateRequest & { readonly revision: bigint };
  readonly selection: ObjectSelection;
  /** Leases and events too, and what every write changes. */
  readonly includesNoise: boolean;
  readonly encryptionConfig: string | undefined;
}

/** What a screen and a program can take; counts go on beyond. */
const maxListed = 10_000;
/** Renewed every few seconds, or kept for an hour. */
const noise = ["leases.coordination.k8s.io", "events", "masterleases"];

interface Side {
  readonly checksum: number;
  readonly resource: string;
}

/** Of values that differ; each time so many are together, the first state is read once for them. */
const heldBytesDefault = 64 * 1024 * 1024;

/** Objects that are in one of two states only, or differ. The first state's keys are held in memory, its values are not. */
export function diffFiles(context: FileContext, request: DiffFilesRequest, options: { readonly heldBytes?: number } = {}): FileDiff {
  const sealKeys = sealKeysOf(context, request.encryptionConfig);
  return withState(context, request.from, (from) =>
    withState(context, request.to, (to) => {
      const compare = (): FileDiff => new FileComparison(context, request, sealKeys).run(from, to, options.heldBytes ?? heldBytesDefault);
      const isOneFile = request.to.path === request.from.path;
      return onCheckedContent(context, from, request.from, () =>
        isOneFile ? compare() : onCheckedContent(context, to, request.to, compare),
      );
    }),
  );
}

class FileComparison {
  private readonly context: FileContext;
  private readonly request: DiffFilesRequest;
  private readonly sealKeys: readonly SealKey[] | undefined;
  private readonly selector: ObjectSelector;
  private readonly counts = new Map<string, { before: number; after: number; added: number; removed: number; changed: number }>();
  private readonly listed: ObjectDiff[] = [];
  private isCutOff = false;

  constructor(context: FileContext, request: DiffFilesRequest, sealKeys: readonly SealKey[] | undefined) {
    this.context = context;
    this.request = request;
    this.sealKeys = sealKeys;
    this.selector = new ObjectSelector(request.selection);
  }

  run(from: OpenState, to: OpenState, heldBytesMax: number): FileDiff {
    const { request, context } = this;
    const before = liveObjects(context, from.state().bolt, request.from.revision);
    const after = liveObjects(context, to.state().bolt, request.to.revision);
    const known = new Map<string, Side>();
    for (const { key, record } of before.records({ reusesMemory: true })) {
      const resource = this.resourceOf(before, key);
      if (resource === undefined) continue;
      known.set(key, { checksum: crc32c(record.value), resource });
      this.count(resource).before += 1;
    }
    const differing = new Map<string, Uint8Array>();
    let heldBytes = 0;
    for (const { key, record } of after.records({ reusesMemory: true })) {
      const resource = this.resourceOf(after, key);
      if (resource === undefined) continue;
      this.count(resource).after += 1;
      const old = known.get(key);
      known.delete(key);
      if (old === undefined) this.note(after, key, resource, "added", []);
      else if (old.checksum !== crc32c(record.value)) {
        differing.set(key, record.value.slice()); // a copy: the walk uses its memory again, and would hold far more than the value
        heldBytes += record.value.length;
      }
      if (heldBytes < heldBytesMax) continue;
      this.compareDiffering(before, after, differing);
      differing.clear();
      heldBytes = 0;
    }
    for (const [key, { resource }] of known) this.note(before, key, resource, "removed", []);
    this.selector.assertWordsKnown("what is compared");
    this.compareDiffering(before, after, differing);
    return {
      from: { file: request.from.path, revision: before.revision },
      to: { file: request.to.path, revision: after.revision },
      resources: [...this.counts].map(([resource, count]) => ({ resource, ...count })).sort((a, b) => (a.resource < b.resource ? -1 : 1)),
      objects: this.listed.sort((a, b) => (a.key < b.key ? -1 : 1)),
      isCutOff: this.isCutOff,
    };
  }

  /** The old values are read again, for those keys only. */
  private compareDiffering(before: LiveObjects, after: LiveObjects, differing: ReadonlyMap<string, Uint8Array>): void {
    if (differing.size === 0) return;
    const reading = { sealKeys: this.sealKeys, types: before.types };
    for (const found of before.records({ reusesMemory: true })) {
      const value = differing.get(found.key);
      if (value === undefined) continue;
      const old = readRecord(this.context, found, reading).value;
      const now = readRecord(this.context, { key: found.key, record: { ...found.record, value } }, reading).value;
      const resource = this.resourceOf(after, found.key) ?? "";
      if (old.kind !== "object" || now.kind !== "object") {
        this.note(after, found.key, resource, "changed", ["(its value cannot be read here: encrypted, or of an unknown kind)"]);
        continue;
      }
      const fields = fieldDiff(old.object, now.object, { includesBookkeeping: this.request.includesNoise });
      if (fields.length > 0)
        this.note(
          after,
          found.key,
          resource,
          "changed",
          fields.map((field) => `${field.path} ${field.kind}`),
        );
    }
  }

  private resourceOf(live: LiveObjects, key: string): string | undefined {
    const parsed = live.keys.parse(key);
    const isAll = this.request.selection.what === undefined && this.request.selection.namespace === undefined;
    if (!(isAll && parsed === undefined) && !this.selector.matchesKey(key, parsed)) return undefined;
    const resource = parsed === undefined ? "(other keys)" : resourceText(parsed);
    return !this.request.includesNoise && noise.includes(resource) ? undefined : resource;
  }

  private note(live: LiveObjects, key: string, resource: string, change: ObjectDiff["change"], fields: readonly string[]): void {
    this.count(resource)[change] += 1;
    if (this.listed.length === maxListed) {
      this.isCutOff = true;
      return;
    }
    const parsed = live.keys.parse(key);
    this.listed.push({ key, resource, namespace: parsed?.namespace, name: parsed?.name ?? key, change, fields });
  }

  private count(resource: string): { before: number; after: number; added: number; removed: number; changed: number } {
    const known = this.counts.get(resource) ?? { before: 0, after: 0, added: 0, removed: 0, changed: 0 };
    this.counts.set(resource, known);
    return known;
  }
}
