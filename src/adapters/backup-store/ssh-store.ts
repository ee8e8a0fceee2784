import { createHash, randomBytes } from "node:crypto";
import type { HostName } from "../../model/ids.ts";
import { asidePrefix, claimPrefix, promisedSha256 } from "../../formats/backup-set/set-names.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupStore, StoreCallOptions, StoredObject } from "../../ports/backup-store.ts";
import type { HostAccess } from "../../ports/host-access.ts";
import { assertObjectName, isHidden, isObjectName } from "./object-name.ts";
import { saysFull, toStoreError } from "./ssh-failure.ts";
import {
  clearScript,
  commitScript,
  listScript,
  prepareScript,
  notThereStatus,
  removeScript,
  statScript,
  unfinishedFolder,
} from "./ssh-scripts.ts";

/** A look at a file, over a slow line to a busy machine. */
const lookMsMax = 60_000;
/** A listing of a million names; a checksum of what is there already. */
const longMsMax = 300_000;
/** A link that is slower is no place for backups. */
const bytesPerMsMin = 64;
/** A million names of 100 bytes. */
const listBytesMax = 128 * 1024 * 1024;
/** More than any object of ours; a machine that gives more is not believed. */
const wholeBytesMax = 1024 * 1024 * 1024;
/** RemoteRead.fromByte must be a multiple of it. */
const blockBytes = 65_536;

export interface SshPlace {
  /** "ssh://nas/srv/backup", as the operator names it. */
  readonly place: string;
  readonly host: HostName;
  /** Absolute, on that machine. */
  readonly directory: string;
}

/**
 * Sets on a machine that is reached by SSH, as the login user: no sudo, no
 * program of ours there. An upload is checked by its sha256 on the far side and
 * synced before it gets its name. `access` is closed with the store.
 */
export function createSshStore(place: SshPlace, access: HostAccess): BackupStore {
  return new SshStore(place, access);
}

class SshStore implements BackupStore {
  readonly place: string;
  readonly #host: HostName;
  readonly #directory: string;
  readonly #access: HostAccess;
  #preparing: Promise<void> | undefined;

  constructor({ place, host, directory }: SshPlace, access: HostAccess) {
    this.place = place;
    this.#host = host;
    this.#directory = directory;
    this.#access = access;
  }

  async put(name: string, content: Uint8Array, options: StoreCallOptions = {}): Promise<void> {
    assertObjectName(name);
    await this.#prepare(options);
    const temporary = randomBytes(12).toString("hex");
    await this.#calling("store", name, options, () =>
      this.#access.upload(this.#host, {
        path: `${this.#directory}/${unfinishedFolder}/${temporary}`,
        content,
        mode: 0o600,
        asRoot: false,
        timeoutMs: lookMsMax + content.length / bytesPerMsMin,
        ...options,
      }),
    );
    const said = await this.#run("store", name, { ...options, script: commitScript, args: [temporary, name], timeoutMs: longMsMax });
    const exists = /^exists ([0-9]+) ([0-9a-f]{64})\n$/.exec(said);
    if (said === "stored\n") return;
    if (exists === null) throw this.#odd(name, "the answer to storing it could not be understood");
    const isSame = Number(exists[1]) === content.length;
    if (isSame && (promisedSha256(name) !== undefined || createHash("sha256").update(content).digest("hex") === exists[2])) return;
    throw new RecoveryError("BACKUP_OBJECT_EXISTS", {
      subject: `store ${this.place}`,
      detail: `${name} is there with other content (${exists[1] ?? ""} bytes)`,
    });
  }

  async get(
    name: string,
    range?: { readonly offset: number; readonly length: number },
    options: StoreCallOptions = {},
  ): Promise<Uint8Array> {
    assertObjectName(name);
    const offset = range?.offset ?? 0;
    const skipped = offset % blockBytes;
    const wanted = range === undefined ? wholeBytesMax : skipped + range.length;
    let bytes: Uint8Array;
    try {
      bytes = await this.#calling("read", name, options, () =>
        this.#access.readFile(this.#host, `${this.#directory}/${name}`, {
          bytesMax: wanted,
          ...(range === undefined ? {} : { fromByte: offset - skipped }),
          asRoot: false,
          timeoutMs: range === undefined ? longMsMax : lookMsMax + wanted / bytesPerMsMin,
          ...options,
        }),
      );
    } catch (error) {
      if (error instanceof RecoveryError && error.code === "BACKUP_STORE_FAILED" && (await this.stat(name, options)) === undefined)
        throw new RecoveryError("BACKUP_OBJECT_MISSING", { subject: `store ${this.place}`, detail: `${name} is not there`, cause: error });
      throw error;
    }
    if (range === undefined) return bytes;
    const part = bytes.subarray(skipped, skipped + range.length);
    if (part.length !== range.length || bytes.length < skipped)
      throw this.#odd(name, `it ends after ${String(part.length)} of ${String(range.length)} bytes at ${String(offset)}`);
    return part;
  }

  async stat(name: string, options: StoreCallOptions = {}): Promise<StoredObject | undefined> {
    assertObjectName(name);
    const said = await this.#run("look at", name, { ...options, script: statScript, args: [name], timeoutMs: lookMsMax });
    if (said === "") return undefined;
    const found = /^([0-9]+) ([0-9]+)\n$/.exec(said);
    if (found === null) throw this.#odd(name, "its size and time could not be understood");
    return { name, sizeBytes: Number(found[1]), modifiedAt: timeOf(found[2]) };
  }

  async list(prefix: string, options: StoreCallOptions = {}): Promise<readonly StoredObject[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const said = await this.#run("list", prefix, {
      ...options,
      script: listScript,
      args: [folder],
      timeoutMs: longMsMax,
      outputBytesMax: listBytesMax,
    });
    const found: StoredObject[] = [];
    for (const line of said.split("\n")) {
      const [, sizeBytes, seconds, name] = /^([0-9]+) ([0-9]+) \.\/(.+)$/.exec(line) ?? [];
      // Files of others have names that none of ours has.
      if (name === undefined || !name.startsWith(prefix) || !isObjectName(name) || isHidden(name, prefix)) continue;
      found.push({ name, sizeBytes: Number(sizeBytes), modifiedAt: timeOf(seconds) });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async remove(name: string, options: StoreCallOptions & { readonly forGood?: boolean } = {}): Promise<void> {
    assertObjectName(name);
    // On a full disk there is no room to put anything aside.
    const isFinal = options.forGood === true || name.startsWith(asidePrefix) || name.startsWith(claimPrefix);
    const args = [name, isFinal ? "" : `${asidePrefix}${name}`];
    await this.#run("remove", name, { ...options, script: removeScript, args, timeoutMs: lookMsMax });
  }

  async clearUnfinished(options: StoreCallOptions & { readonly begunBefore: string }): Promise<number> {
    const { begunBefore, ...rest } = options;
    const args = [String(Math.max(0, Math.floor(Date.parse(begunBefore) / 1000)))];
    return Number(await this.#run("clear", "unfinished uploads", { ...rest, script: clearScript, args, timeoutMs: longMsMax }));
  }

  close(): Promise<void> {
    return this.#access.close();
  }

  #prepare(options: StoreCallOptions): Promise<void> {
    this.#preparing ??= this.#run("make", this.#directory, { ...options, script: prepareScript, args: [], timeoutMs: lookMsMax }).then(
      () => undefined,
    );
    this.#preparing.catch(() => (this.#preparing = undefined));
    return this.#preparing;
  }

  /** Every script of ours may run twice: none of them changes what is there already. */
  async #run(
    verb: string,
    name: string,
    request: StoreCallOptions & {
      readonly script: string;
      readonly args: readonly string[];
      readonly timeoutMs: number;
      readonly outputBytesMax?: number;
    },
  ): Promise<string> {
    const result = await this.#calling(verb, name, request, () =>
      this.#access.run(this.#host, {
        ...request,
        reason: `${verb} ${name === "" ? "the objects of the store" : name}`,
        args: [this.#directory, ...request.args],
        asRoot: false,
        changesThings: false,
      }),
    );
    if (result.exitCode === 0) return result.stdout;
    if (result.exitCode === notThereStatus)
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", {
        subject: `store ${this.place}`,
        detail: `neither ${this.#directory} nor the directory above it is there; is the disk mounted?`,
      });
    const failure = this.#odd(
      name === "" ? "its objects" : name,
      `could not ${verb}: ${plain(result.stderr) || `exit status ${String(result.exitCode)}`}`,
    );
    throw saysFull(result.stderr) ? new RecoveryError("BACKUP_STORE_FULL", { subject: failure.subject, detail: failure.detail }) : failure;
  }

  async #calling<T>(verb: string, name: string, { signal }: StoreCallOptions, act: () => Promise<T>): Promise<T> {
    if (signal?.aborted === true)
      throw new RecoveryError("INTERRUPTED", { subject: `store ${this.place}`, detail: `"${verb} ${name}" was not begun` });
    try {
      return await act();
    } catch (error) {
      throw toStoreError(error, { place: this.place, what: `${verb} ${name === "" ? "its objects" : name}` });
    }
  }

  #odd(name: string, why: string): RecoveryError {
    return new RecoveryError("BACKUP_STORE_FAILED", { subject: `store ${this.place}`, detail: `${name}: ${why}` });
  }
}

function timeOf(seconds: string | undefined): string {
  return new Date(Number(seconds) * 1000).toISOString();
}

/** Words of another machine: one line, no control characters. */
function plain(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
    .trim()
    .slice(0, 300);
}
