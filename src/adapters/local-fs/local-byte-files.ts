import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync, type BigIntStats } from "node:fs";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ByteFiles, ChecksAsked, OpenByteFile, PendingChecks } from "../../ports/byte-files.ts";
import { lockPidOf } from "../../formats/machine/proc-locks.ts";
import type { CheckWork } from "./start-check-thread.ts";
import { toRecoveryError } from "./to-recovery-error.ts";

/** A copy on this machine of a file or directory that has another name, or why there is none. */
export type SpooledName = { readonly name: string; readonly path: string } | { readonly name: string; readonly error: RecoveryError };

/** `startCheckThread`, where threads are wanted. */
type StartChecks = (work: CheckWork) => PendingChecks | undefined;

/** Files of this machine. Opened for reading only; nothing here can write. */
export class LocalByteFiles implements ByteFiles {
  private readonly spooled: readonly SpooledName[];
  private readonly startChecks: StartChecks;

  /** What was copied here keeps the name that it has where it lies. Without `startChecks` all is done in the caller's thread. */
  constructor(spooled: readonly SpooledName[] = [], startChecks: StartChecks = () => undefined) {
    this.spooled = spooled;
    this.startChecks = startChecks;
  }

  kindOf(path: string): "file" | "directory" {
    const stats = attempt(path, "look at it", () => statSync(this.placeOf(path)));
    if (stats.isFile()) return "file";
    if (stats.isDirectory()) return "directory";
    throw noFile(path, "this is neither a file nor a directory: a device, a pipe or a socket");
  }

  list(path: string): readonly string[] {
    return attempt(path, "list the directory", () => readdirSync(this.placeOf(path)).sort());
  }

  open(path: string): OpenByteFile {
    const place = this.placeOf(path);
    // First, because opening a device may do something; and without waiting, should a pipe take the place after that look.
    if (this.kindOf(path) === "directory") throw noFile(path, "this is a directory");
    const file = attempt(path, "open it", () => openSync(place, constants.O_RDONLY | constants.O_NONBLOCK));
    try {
      return new LocalByteFile(path, place, file, this.startChecks);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  identityOf(path: string): string {
    const { dev, ino } = attempt(path, "look at it", () => statSync(this.placeOf(path), { bigint: true }));
    return `inode ${String(ino)} of device ${String(dev)}`;
  }

  lockHolder(path: string): { readonly pid: number } | undefined {
    const { dev, ino } = attempt(path, "look at it", () => statSync(this.placeOf(path), { bigint: true }));
    const pid = lockPidOf(locksOfThisMachine(), { dev, ino }) ?? etcdThatHasOpen({ dev, ino });
    return pid === undefined ? undefined : { pid };
  }

  private placeOf(path: string): string {
    for (const one of this.spooled) {
      const base = one.name.replace(/\/+$/, "");
      if (path !== base && !path.startsWith(`${base}/`)) continue;
      if ("error" in one) throw one.error;
      return `${one.path}${path.slice(base.length)}`.replace(/\/+$/, "");
    }
    return path;
  }
}

class LocalByteFile implements OpenByteFile {
  readonly name: string;
  readonly size: number;
  readonly secondsSinceWrite: number;
  private readonly place: string;
  private readonly file: number;
  private readonly opened: BigIntStats;
  private readonly begin: StartChecks;

  constructor(path: string, place: string, file: number, begin: StartChecks) {
    this.begin = begin;
    this.name = path;
    this.place = place;
    this.file = file;
    this.opened = attempt(path, "look at it", () => fstatSync(file, { bigint: true }));
    if (!this.opened.isFile()) throw noFile(path, "this is no file any more");
    this.size = Number(this.opened.size);
    this.secondsSinceWrite = (Date.now() - Number(this.opened.mtimeMs)) / 1000;
  }

  readInto(offset: number, into: Uint8Array): void {
    if (offset < 0 || offset + into.length > this.size)
      throw new RangeError(`${this.name}: bytes ${offset}+${into.length} of ${this.size}`);
    let done = 0;
    while (done < into.length) {
      const read = attempt(this.name, `read at byte ${String(offset + done)}`, () =>
        readSync(this.file, into, done, into.length - done, offset + done),
      );
      if (read === 0) throw this.changed(`it ended at byte ${String(offset + done)} of ${String(this.size)}`);
      done += read;
    }
  }

  assertUnchanged(): void {
    const now = attempt(this.name, "look at it again", () => fstatSync(this.file, { bigint: true }));
    if (now.size !== this.opened.size) throw this.changed(`it had ${this.opened.size} bytes and has ${now.size} now`);
    if (now.mtimeNs !== this.opened.mtimeNs) throw this.changed("it was written to");
    const there = attempt(this.name, "look at it again", () => statSync(this.place, { bigint: true }));
    if (there.ino !== this.opened.ino || there.dev !== this.opened.dev) throw this.changed("another file took its place");
  }

  startChecks(asked: ChecksAsked): PendingChecks | undefined {
    return this.begin({ ...asked, place: this.place, device: this.opened.dev, inode: this.opened.ino });
  }

  close(): void {
    closeSync(this.file);
  }

  private changed(what: string): RecoveryError {
    return new RecoveryError("FILE_CHANGED", { subject: `file ${this.name}`, detail: what });
  }
}

function noFile(path: string, detail: string): RecoveryError {
  return new RecoveryError("FILE_NOT_RECOGNISED", { subject: `file ${path}`, detail });
}

function attempt<T>(path: string, what: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toRecoveryError(error, path, what, []);
  }
}

/** Empty where the system has no such list, or hides it: then no lock is seen, and a change while reading still is. */
function locksOfThisMachine(): string {
  return textOf("/proc/locks") ?? "";
}

/**
 * btrfs, and some stacked file systems, show another device in the list of
 * locks than stat(2) does: an etcd that has the file open counts, too.
 */
function etcdThatHasOpen(file: { readonly dev: bigint; readonly ino: bigint }): number | undefined {
  for (const pid of namesIn("/proc")) {
    if (!/^\d+$/.test(pid) || textOf(`/proc/${pid}/comm`) !== "etcd\n") continue;
    for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
      const stats = statsOf(`/proc/${pid}/fd/${descriptor}`);
      if (stats?.ino === file.ino && stats.dev === file.dev) return Number(pid);
    }
  }
  return undefined;
}

/** Processes end while they are looked at, and those of others may not be looked into: then nothing is seen of them. */
function orNothing<T>(operation: () => T): T | undefined {
  try {
    return operation();
  } catch {
    return undefined;
  }
}

function namesIn(directory: string): readonly string[] {
  return orNothing(() => readdirSync(directory)) ?? [];
}

function textOf(path: string): string | undefined {
  return orNothing(() => readFileSync(path, "utf8"));
}

function statsOf(path: string): BigIntStats | undefined {
  return orNothing(() => statSync(path, { bigint: true }));
}
