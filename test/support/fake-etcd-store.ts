import { createHash } from "node:crypto";
import type { KeyValue } from "../../src/ports/etcd-client.ts";
import type { Revision } from "../../src/model/ids.ts";

interface Version {
  readonly modRevision: Revision;
  readonly createRevision: Revision;
  readonly version: bigint;
  /** undefined: a tombstone. */
  readonly value: Uint8Array | undefined;
}

const utf8 = new TextEncoder();
const pageSize = 4096;

/** The key-value store that the members of a fake cluster agree on: every revision is kept until compaction. */
export class FakeEtcdStore {
  /** Revision 1 is the empty store, as in etcd. */
  revision: Revision = 1n;
  compactRevision: Revision = 0n;
  readonly #history = new Map<string, Version[]>();

  put(key: string, value: string | Uint8Array): Revision {
    const versions = this.#history.get(key) ?? [];
    const last = versions.at(-1);
    const isNew = last?.value === undefined;
    this.revision += 1n;
    versions.push({
      modRevision: this.revision,
      createRevision: isNew ? this.revision : last.createRevision,
      version: isNew ? 1n : last.version + 1n,
      value: typeof value === "string" ? utf8.encode(value) : value,
    });
    this.#history.set(key, versions);
    return this.revision;
  }

  /** false: there was no such key, and no new revision. */
  delete(key: string): boolean {
    const versions = this.#history.get(key);
    if (versions === undefined || versions.at(-1)?.value === undefined) return false;
    this.revision += 1n;
    versions.push({ modRevision: this.revision, createRevision: 0n, version: 0n, value: undefined });
    return true;
  }

  get(key: string, at: Revision = this.revision): KeyValue | undefined {
    const version = this.#history.get(key)?.findLast((one) => one.modRevision <= at);
    if (version?.value === undefined) return undefined;
    const { value, createRevision, modRevision } = version;
    return { key: utf8.encode(key), value, createRevision, modRevision, version: version.version, leaseId: 0n };
  }

  /** In key order, as etcd answers. */
  range(request: { readonly key: string; readonly isPrefix: boolean; readonly at: Revision }): readonly KeyValue[] {
    const keys = request.isPrefix ? [...this.#history.keys()].filter((key) => key.startsWith(request.key)).sort() : [request.key];
    return keys.map((key) => this.get(key, request.at)).filter((entry) => entry !== undefined);
  }

  keys(): readonly string[] {
    return this.range({ key: "", isPrefix: true, at: this.revision }).map((entry) => Buffer.from(entry.key).toString());
  }

  /** Equal content up to `at` gives an equal number; it is not etcd's own number. */
  hash(at: Revision): number {
    return createHash("sha256").update(this.#text(at)).digest().readUInt32BE(0);
  }

  /**
   * Bytes of the shape of etcd's snapshot stream: whole pages that start with
   * bbolt's two meta pages (magic, version 2, page size), then the sha256 of
   * everything before. The pages after that are not a real bbolt file.
   */
  snapshot(at: Revision): Uint8Array {
    const text = Buffer.from(this.#text(at));
    const pages = Buffer.alloc(pageSize * (2 + Math.max(1, Math.ceil(text.length / pageSize))));
    for (const page of [0, 1]) {
      const start = page * pageSize;
      pages.writeBigUInt64LE(BigInt(page), start); // page id
      pages.writeUInt16LE(0x04, start + 8); // flag: meta
      pages.writeUInt32LE(0xed0cdaed, start + 16);
      pages.writeUInt32LE(2, start + 20);
      pages.writeUInt32LE(pageSize, start + 24);
    }
    text.copy(pages, 2 * pageSize);
    return Buffer.concat([pages, createHash("sha256").update(pages).digest()]);
  }

  #text(at: Revision): string {
    const entries = this.range({ key: "", isPrefix: true, at });
    return entries
      .map(
        (entry) =>
          `${Buffer.from(entry.key).toString()}\0${entry.modRevision.toString()}\0${Buffer.from(entry.value).toString("base64")}\n`,
      )
      .join("");
  }
}
