import { MemoryByteSource } from "../../formats/byte-source.ts";
import { looksLike } from "../../formats/etcd/looks-like.ts";
import { notRecognised } from "../../formats/format-error.ts";
import type { HostName } from "../../model/ids.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SpoolDirectory } from "../../ports/file-spool.ts";
import type { Hashing } from "../../ports/hashing.ts";
import type { HostAccess, RemoteResult } from "../../ports/host-access.ts";
import { assertSpoolRoom } from "./assert-spool-room.ts";
import { fileInUse, noDatabase, noDataDirWords } from "./open-state.ts";
import { readRemoteLook, remoteLookScript, type RemoteFile, type RemoteLook } from "./remote-file-look.ts";
import type { RemoteSource } from "./remote-source.ts";

export interface FetchContext {
  readonly access: HostAccess;
  readonly host: HostName;
  readonly spool: SpoolDirectory;
  readonly hashing: Hashing;
  readonly report: ReportProgress;
  readonly signal: AbortSignal;
}

/** One call of its own each: large enough that its start does not count, small enough to be had again after a broken line. */
export const chunkBytes = 16 * 1024 * 1024;
/** 16 MiB over a line of 60 KB/s. */
const chunkTimeoutMs = 300_000;
/** A line that breaks three times at one place does not carry. */
const chunkTries = 3;
/** Looking at a few files and at every process of a busy machine. */
const lookTimeoutMs = 60_000;
/** A disk under load still reads 10 MB/s. */
const hashedBytesPerMs = 10_000;

/**
 * Copies a file, or the files of a stopped member's data dir, into the spool,
 * below `into`, and gives the path of the copy. The database of a data dir is
 * copied with its log, at the same places beside each other. Compared by sha256 at both
 * ends, and the original must not have changed meanwhile. Never writes to the
 * machine. Throws FILE_NOT_FOUND, FILE_IN_USE, FILE_CHANGED, FILE_NOT_RECOGNISED,
 * LOCAL_DISK_FULL, REMOTE_COMMAND_FAILED, and what reaching the machine throws.
 */
export async function fetchRemoteSource(context: FetchContext, source: RemoteSource, into: string): Promise<string> {
  return new RemoteFetch(context, source, into).run();
}

/** In the folder that a data dir calls `member`. */
const databaseInside = "/snap/db";

class RemoteFetch {
  private readonly context: FetchContext;
  private readonly source: RemoteSource;
  private readonly into: string;
  private base: string;
  private asRoot = true;
  private doneBytes = 0n;

  constructor(context: FetchContext, source: RemoteSource, into: string) {
    this.context = context;
    this.source = source;
    this.into = into;
    this.base = source.path.replace(/\/+$/, "");
  }

  async run(): Promise<string> {
    const { context, source, into } = this;
    context.report({ kind: "phase", text: `looking at ${source.name}`, host: context.host });
    const inside = await this.lookAround();
    const look = inside ?? (await this.look());
    if (look.kind === "directory" && look.files.length === 0)
      throw notRecognised(source.name, "a data directory of etcd", noDataDirWords(look.otherNames));
    const totalBytes = look.files.reduce((sum, file) => sum + BigInt(file.sizeBytes), 0n);
    await assertSpoolRoom(context.spool, `a copy of ${source.name} takes`, totalBytes);
    for (const file of look.files) await this.copy(file, look.kind, totalBytes);
    this.assertSame(look, await this.look());
    const folder = `${context.spool.path}/${into}`;
    return look.kind === "file" ? `${folder}/file` : inside === undefined ? folder : `${folder}${databaseInside}`;
  }

  /** The database of a data dir is copied with the log beside it, by which it is judged: then `base` is the folder of both. */
  private async lookAround(): Promise<RemoteLook | undefined> {
    const { base } = this;
    if (!base.endsWith(databaseInside) || base.length === databaseInside.length) return undefined;
    this.base = base.slice(0, -databaseInside.length);
    const look = await this.look();
    const has = (start: string): boolean => look.files.some(({ path }) => path.startsWith(start));
    if (look.kind === "directory" && look.files.some(({ path }) => path === databaseInside.slice(1)) && has("wal/")) return look;
    this.base = base;
    return undefined;
  }

  private async look(): Promise<RemoteLook> {
    const { source } = this;
    const look = readRemoteLook(source.name, await this.ask(`look at ${this.base}`, remoteLookScript, lookTimeoutMs, this.base));
    const { holder } = look;
    if (holder !== undefined) {
      const place = look.kind === "file" ? "it" : holder.path;
      throw fileInUse(`source ${source.name}`, holder.pid > 0 ? `process ${String(holder.pid)} (${place})` : `a process (${place})`);
    }
    return look;
  }

  private async copy(file: RemoteFile, kind: RemoteLook["kind"], totalBytes: bigint): Promise<void> {
    const { context, source } = this;
    const path = this.remotePath(file);
    const copy = await context.spool.create(`${this.into}/${kind === "file" ? "file" : file.path}`);
    const hash = context.hashing.startSha256();
    for (let at = 0; at < file.sizeBytes; at += chunkBytes) {
      context.signal.throwIfAborted();
      const wanted = Math.min(chunkBytes, file.sizeBytes - at);
      const bytes = await this.chunk(path, at, wanted);
      if (bytes.length !== wanted)
        throw new RecoveryError("FILE_CHANGED", {
          subject: `source ${source.name}`,
          detail: `${path} had ${String(file.sizeBytes)} bytes, and ended at byte ${String(at + bytes.length)}`,
        });
      // Gigabytes that are no snapshot need not be copied to see that.
      if (kind === "file" && at === 0 && file.sizeBytes > chunkBytes) this.assertLooksRight(bytes);
      hash.update(bytes);
      await copy.append(bytes);
      this.doneBytes += BigInt(bytes.length);
      context.report({ kind: "bytes", text: `copying ${source.name}`, done: this.doneBytes, total: totalBytes });
    }
    await copy.close(file.modifiedAtSeconds);
    context.report({ kind: "phase", text: `comparing checksums of ${path} on ${context.host}`, host: context.host });
    const timeoutMs = lookTimeoutMs + Math.ceil(file.sizeBytes / hashedBytesPerMs);
    const [there = ""] = (await this.ask(`sha256 of ${path}`, 'sha256sum < "$1"', timeoutMs, path)).split(" ");
    if (there !== hash.digestHex())
      throw new RecoveryError("FILE_CHANGED", {
        subject: `source ${source.name}`,
        detail: `the copy of ${path} has another sha256 than the file has now: it was written to while it was copied`,
      });
  }

  /** A broken line costs one chunk, not the whole copy. */
  private async chunk(path: string, fromByte: number, bytesMax: number): Promise<Uint8Array> {
    const { access, host, signal } = this.context;
    for (let tries = 1; ; tries += 1) {
      try {
        return await access.readFile(host, path, { fromByte, bytesMax, timeoutMs: chunkTimeoutMs, asRoot: this.asRoot, signal });
      } catch (error) {
        const isWorthIt = error instanceof RecoveryError && error.retry === "transient" && !signal.aborted && tries < chunkTries;
        if (!isWorthIt) throw error;
      }
    }
  }

  private assertLooksRight(head: Uint8Array): void {
    const look = looksLike(new MemoryByteSource(head, this.source.name));
    if (look.kind !== "etcd-backend") throw noDatabase(this.source.name, "an etcd snapshot or database", look);
  }

  private assertSame(before: RemoteLook, after: RemoteLook): void {
    const textOf = (look: RemoteLook): string => look.files.map((file) => `${file.path} ${file.state}`).join("\n");
    if (textOf(before) === textOf(after)) return;
    const states = new Map(before.files.map((file) => [file.path, file.state]));
    const other = after.files.find((file) => states.get(file.path) !== file.state);
    throw new RecoveryError("FILE_CHANGED", {
      subject: `source ${this.source.name}`,
      detail: `${other === undefined ? "a file is gone" : `${this.remotePath(other)} is not what it was`}: somebody wrote to it while it was copied`,
    });
  }

  private remotePath(file: RemoteFile): string {
    return file.path === "" ? this.base : `${this.base}/${file.path}`;
  }

  /** Root reads any data dir; whoever has a backup host without sudo reads what the login may read. */
  private async ask(reason: string, script: string, timeoutMs: number, path: string): Promise<string> {
    try {
      return this.answer(reason, await this.runScript(reason, script, timeoutMs, path));
    } catch (error) {
      if (!this.asRoot || !(error instanceof RecoveryError) || error.code !== "SSH_SUDO_REFUSED") throw error;
      this.asRoot = false;
      return this.answer(reason, await this.runScript(reason, script, timeoutMs, path));
    }
  }

  private runScript(reason: string, script: string, timeoutMs: number, path: string): Promise<RemoteResult> {
    const { access, host, signal } = this.context;
    return access.run(host, { reason, script, args: [path], timeoutMs, changesThings: false, asRoot: this.asRoot, signal });
  }

  private answer(reason: string, result: RemoteResult): string {
    if (result.exitCode === 0) return result.stdout;
    const said = result.stderr.trim().split("\n").slice(-3).join("; ").slice(0, 400);
    const login = this.asRoot ? "" : "; sudo is not allowed there, so it was read as the login user";
    throw new RecoveryError("REMOTE_COMMAND_FAILED", {
      subject: `source ${this.source.name}`,
      detail: `could not ${reason} on ${this.context.host}: ${said === "" ? `exit status ${String(result.exitCode)}` : said}${login}`,
    });
  }
}
