import { createHash } from "node:crypto";
import { promisedSha256 } from "../../src/formats/backup-set/set-names.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { BackupStore, StoreCallOptions, StoredObject } from "../../src/ports/backup-store.ts";

export type StoreOperation = "put" | "get" | "stat" | "list" | "remove" | "clearUnfinished";

/** A store in memory. Its objects may be looked at and damaged; calls may be made to fail. */
export class FakeBackupStore implements BackupStore {
  readonly place: string;
  /** Also what was put aside, under "aside/". */
  readonly objects = new Map<string, { readonly content: Uint8Array; readonly modifiedAt: string }>();
  /** Every call, in order: "put sets/….json". */
  readonly calls: string[] = [];
  /** Called before each call takes effect; throwing here is the call's failure. */
  beforeCall: ((operation: StoreOperation, name: string) => void | Promise<void>) | undefined;
  /** Called after the effect: throwing here stands for an answer that was lost. */
  afterCall: ((operation: StoreOperation, name: string) => void | Promise<void>) | undefined;
  /** How many unfinished uploads `clearUnfinished` finds. */
  unfinished = 0;
  readonly #nowIso: () => string;

  constructor(options: { readonly place?: string; readonly nowIso?: () => string } = {}) {
    this.place = options.place ?? "/fake/backup";
    this.#nowIso = options.nowIso ?? (() => new Date().toISOString());
  }

  async put(name: string, content: Uint8Array, options: StoreCallOptions = {}): Promise<void> {
    await this.#calling("put", name, options, () => {
      const old = this.objects.get(name);
      if (old === undefined) return void this.objects.set(name, { content: new Uint8Array(content), modifiedAt: this.#nowIso() });
      const promised = promisedSha256(name);
      const isSame = promised === createHash("sha256").update(content).digest("hex") && old.content.length === content.length;
      if (!isSame)
        throw new RecoveryError("BACKUP_OBJECT_EXISTS", { subject: `object ${name}`, detail: `${name} is in ${this.place} already` });
    });
  }

  get(name: string, range?: { readonly offset: number; readonly length: number }, options: StoreCallOptions = {}): Promise<Uint8Array> {
    return this.#calling("get", name, options, () => {
      const content = this.objects.get(name)?.content;
      if (content === undefined)
        throw new RecoveryError("BACKUP_OBJECT_MISSING", { subject: `object ${name}`, detail: `${name} is not in ${this.place}` });
      if (range === undefined) return content.slice();
      if (range.offset + range.length > content.length)
        throw new RecoveryError("BACKUP_STORE_FAILED", {
          subject: `object ${name}`,
          detail: `${name} ends before byte ${range.offset + range.length}`,
        });
      return content.slice(range.offset, range.offset + range.length);
    });
  }

  stat(name: string, options: StoreCallOptions = {}): Promise<StoredObject | undefined> {
    return this.#calling("stat", name, options, () => this.#stored(name));
  }

  list(prefix: string, options: StoreCallOptions = {}): Promise<readonly StoredObject[]> {
    return this.#calling("list", prefix, options, () =>
      [...this.objects.keys()]
        .filter((name) => name.startsWith(prefix) && name.startsWith("aside/") === prefix.startsWith("aside/"))
        .sort()
        .flatMap((name) => this.#stored(name) ?? []),
    );
  }

  async remove(name: string, options: StoreCallOptions = {}): Promise<void> {
    await this.#calling("remove", name, options, () => {
      const old = this.objects.get(name);
      this.objects.delete(name);
      if (old !== undefined && !name.startsWith("aside/"))
        this.objects.set(`aside/${name}`, { content: old.content, modifiedAt: this.#nowIso() });
    });
  }

  clearUnfinished(options: StoreCallOptions & { readonly begunBefore: string }): Promise<number> {
    return this.#calling("clearUnfinished", options.begunBefore, options, () => {
      const cleared = this.unfinished;
      this.unfinished = 0;
      return cleared;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Changes the bytes of an object in place, as a bad disk does. */
  damage(name: string, change: (content: Uint8Array) => Uint8Array | undefined): void {
    const old = this.objects.get(name);
    if (old === undefined) throw new Error(`no object ${name}`);
    const content = new Uint8Array(old.content);
    this.objects.set(name, { content: change(content) ?? content, modifiedAt: old.modifiedAt });
  }

  /** Names that are in the store, without what was put aside. */
  names(prefix = ""): readonly string[] {
    return [...this.objects.keys()].filter((name) => name.startsWith(prefix) && !name.startsWith("aside/")).sort();
  }

  #stored(name: string): StoredObject | undefined {
    const found = this.objects.get(name);
    return found === undefined ? undefined : { name, sizeBytes: found.content.length, modifiedAt: found.modifiedAt };
  }

  async #calling<T>(operation: StoreOperation, name: string, { signal }: StoreCallOptions, effect: () => T): Promise<T> {
    if (signal?.aborted === true)
      throw new RecoveryError("INTERRUPTED", { subject: `store ${this.place}`, detail: `"${operation} ${name}" was not begun` });
    this.calls.push(`${operation} ${name}`);
    await this.beforeCall?.(operation, name);
    const result = effect();
    await this.afterCall?.(operation, name);
    return result;
  }
}
