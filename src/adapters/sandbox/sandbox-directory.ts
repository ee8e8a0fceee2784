import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, chmod, chown, constants, lstat, mkdir, readFile, readdir, rm, stat, statfs } from "node:fs/promises";
import { once } from "node:events";
import { dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { RecoveryError } from "../../model/recovery-error.ts";
import { machineMark, processStart } from "./process-identity.ts";
import { isSandboxUser, type SandboxUser } from "./sandbox-user.ts";
import { fileFailed } from "./to-recovery-error.ts";

/** TMPFS_MAGIC and RAMFS_MAGIC: statfs(2). */
const memoryFileSystems: readonly number[] = [0x01021994, 0x858458f6];
const nameForm = /^requorum-sandbox-([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{12}$/;
const mebibyte = 1024n * 1024n;

export interface SandboxPlaces {
  /** Directories in memory, best first: "/run/user/1000", "/dev/shm". */
  readonly inMemory: readonly string[];
  /** On disk, where none of them has room; made if it is not there. */
  readonly onDisk: string;
}

export interface SandboxDirectory {
  readonly path: string;
  readonly isInMemory: boolean;
  /** A process that must not outlive the directory. */
  guardProcess(pid: number): void;
  /** With everything in it. */
  remove(): Promise<void>;
}

/**
 * A private directory. A guard, a shell that waits for the end of this
 * process, ends the programs and removes the directory when this process is
 * killed; what is left even so (both killed, a power cut with the directory on
 * disk) the next run removes here.
 */
export async function openSandboxDirectory(
  places: SandboxPlaces,
  options: { readonly bytes: bigint; readonly user: SandboxUser | undefined },
): Promise<SandboxDirectory> {
  for (const place of [...places.inMemory, places.onDisk]) await clearLeftovers(place);
  const parent = await chooseParent(places, options);
  const start = await processStart(process.pid);
  const { machine, boot } = await machineMark();
  const name = ["requorum-sandbox", machine, boot, String(process.pid), start ?? "0", randomBytes(6).toString("hex")].join("-");
  const path = join(parent.path, name);
  try {
    await mkdir(path, { mode: 0o700 });
    // The directory stays root's: who owns it could put another one, or a link, in its place while root writes there.
    if (options.user !== undefined) await chown(path, -1, options.user.gid);
    await chmod(path, options.user === undefined ? 0o700 : 0o710);
  } catch (cause) {
    throw fileFailed(cause, path, "make the directory");
  }
  return new GuardedDirectory(path, parent.isInMemory);
}

/** Made where it is not there. The sandbox's user must get through to it, whatever the umask is; to what lies in it it must not get. */
async function makeDiskPlace(onDisk: string, user: SandboxUser | undefined): Promise<void> {
  try {
    await mkdir(onDisk, { recursive: true, mode: 0o711 });
    if (user === undefined) return;
    for (const path of [onDisk, dirname(onDisk)]) {
      const { mode, uid } = await stat(path);
      if (uid === process.getuid?.() && (mode & 0o001) === 0) await chmod(path, (mode & 0o777) | 0o011);
    }
  } catch (cause) {
    throw fileFailed(cause, onDisk, "make the directory");
  }
  for (let path = onDisk; path !== dirname(path); path = dirname(path))
    if (((await stat(path)).mode & 0o001) === 0)
      throw new RecoveryError("SANDBOX_UNSUPPORTED", {
        subject: `directory ${onDisk}`,
        detail: `the sandbox's programs, which run without privileges, may not pass ${path}`,
        remedies: [{ why: "let others pass it, not read it", command: `chmod o+x ${path}` }],
      });
}

async function chooseParent(
  places: SandboxPlaces,
  { bytes, user }: { readonly bytes: bigint; readonly user: SandboxUser | undefined },
): Promise<{ readonly path: string; readonly isInMemory: boolean }> {
  const available = await availableMemory();
  for (const path of places.inMemory) {
    const facts = await statfs(path, { bigint: true }).catch(() => undefined); // no such place here
    const isWritable = await access(path, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false, // not for us
    );
    if (facts === undefined || !isWritable || !memoryFileSystems.includes(Number(facts.type))) continue;
    // What lies there takes memory from everybody: as much again, and a gigabyte for the programs, stays free.
    if (facts.bavail * facts.bsize >= bytes && available >= 2n * bytes + 1024n * mebibyte) return { path, isInMemory: true };
  }
  await makeDiskPlace(places.onDisk, user);
  const { bavail, bsize } = await statfs(places.onDisk, { bigint: true });
  if (bavail * bsize >= bytes) return { path: places.onDisk, isInMemory: false };
  throw new RecoveryError("LOCAL_DISK_FULL", {
    subject: `directory ${places.onDisk}`,
    detail: `the sandbox takes up to ${String(bytes / mebibyte)} MiB, and neither ${[...places.inMemory, ""].join(", ")}nor ${places.onDisk} has room for it`,
    remedies: [{ why: "free space there, or let XDG_CACHE_HOME name a directory on a larger disk" }],
  });
}

async function availableMemory(): Promise<bigint> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  return BigInt(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1] ?? "0") * 1024n;
}

/** Nobody can see whether the process of another machine or container lives; no drill takes so long. */
const foreignMsMax = 48 * 3_600_000;

/** Sandboxes of processes that are gone: their programs first, which are known by the directory in their command line. */
export async function clearLeftovers(place: string): Promise<void> {
  const names = await readdir(place).catch(() => []); // no such place here
  const own = await machineMark();
  for (const name of names) {
    const [, machine, boot, pid, start] = nameForm.exec(name) ?? [];
    if (pid === undefined || start === undefined) continue;
    const path = join(place, name);
    const found = await lstat(path).catch(() => undefined);
    if (machine === own.machine) {
      if (boot === own.boot && (await processStart(Number(pid))) === start) continue;
    } else if (found === undefined || Date.now() - found.mtimeMs < foreignMsMax) continue;
    // Others may make a name like this in /dev/shm: only a directory that root or we made is ours to remove.
    if (found === undefined || !found.isDirectory() || !isOurs(found.uid)) continue;
    await endProgramsOf(path, isSandboxUser(found.gid) ? found.gid : found.uid);
    await rm(path, { recursive: true, force: true }).catch((cause: unknown) => {
      throw fileFailed(cause, path, "remove what a killed run left");
    });
  }
}

function isOurs(uid: number): boolean {
  const own = process.getuid?.();
  return own === uid || (own === 0 && isSandboxUser(uid));
}

async function endProgramsOf(path: string, uid: number): Promise<void> {
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const owner = await stat(`/proc/${name}`).catch(() => undefined); // it ended
    if (owner?.uid !== uid) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (!words.some((word) => word === path || word.startsWith(`${path}/`) || word.includes(`=${path}/`))) continue;
    try {
      process.kill(Number(name), "SIGKILL");
    } catch {
      continue; // it ended by itself, which is what is wanted
    }
  }
}

/**
 * Reads the numbers of the programs to end, one a line; "done" says that there
 * is nothing left to do. A number is given out again when its program has
 * ended: it is remembered with when the program began (proc(5), field 22 of
 * stat; the name in field 2 may hold spaces and parentheses).
 */
export const guardScript = `trap '' INT TERM HUP QUIT
began() {
  stat=
  read -r stat 2>/dev/null <"/proc/$1/stat"
  set -- \${stat##*) }
  printf %s "\${20}"
}
programs=
while read -r word; do
  [ "$word" = done ] && exit 0
  programs="$programs $word:$(began "$word")"
done
for one in $programs; do
  [ -n "\${one#*:}" ] && [ "$(began "\${one%%:*}")" = "\${one#*:}" ] && kill -9 "\${one%%:*}" 2>/dev/null
done
rm -rf -- "$1"`;

class GuardedDirectory implements SandboxDirectory {
  readonly path: string;
  readonly isInMemory: boolean;
  readonly #guard: Writable;
  readonly #keepWaiting: () => void;
  readonly #guardEnded: Promise<unknown>;
  #removal: Promise<void> | undefined;

  constructor(path: string, isInMemory: boolean) {
    this.path = path;
    this.isInMemory = isInMemory;
    // In a session of its own: Ctrl-C goes to all programs of the terminal's.
    const guard = spawn("/bin/sh", ["-c", guardScript, "requorum-sandbox-guard", path], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    });
    guard.unref(); // who forgets to remove a sandbox does not wait for ever; its end is the guard's start
    this.#keepWaiting = () => {
      guard.ref();
    };
    this.#guard = guard.stdin;
    this.#guard.on("error", () => undefined); // it was killed: the next run still removes what is left
    this.#guardEnded = once(guard, "exit").catch(() => undefined); // no shell: the same
  }

  guardProcess(pid: number): void {
    this.#guard.write(`${String(pid)}\n`);
  }

  remove(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
    } catch (cause) {
      throw fileFailed(cause, this.path, "remove it");
    } finally {
      this.#keepWaiting();
      this.#guard.end("done\n");
      await this.#guardEnded;
    }
  }
}
