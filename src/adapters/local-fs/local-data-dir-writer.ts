import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { isUnfinishedName, unfinishedName } from "../../model/unfinished-name.ts";
import type { DataDirWriter, NewDataDir } from "../../ports/data-dir-writer.ts";
import { assertFreeTarget } from "./assert-free-target.ts";
import { toRecoveryError } from "./to-recovery-error.ts";

/** Told the name under which a data dir is being written, and undefined when nothing is there any more. */
export type OnTemporary = (path: string | undefined) => void;

/** Data dirs on this machine. */
export class LocalDataDirWriter implements DataDirWriter {
  private readonly onTemporary: OnTemporary;

  constructor(onTemporary: OnTemporary = () => undefined) {
    this.onTemporary = onTemporary;
  }

  begin(directory: string): NewDataDir {
    const target = attempt(directory, "find the working directory", () => resolve(directory));
    const existing = assertFreeTarget(target);
    const leftovers = leftoversBeside(target);
    // Random: what a killed program left must not stand in the way of the next one, which may have its process id in a container.
    const temporary = join(dirname(target), unfinishedName(basename(target), randomBytes(6).toString("hex")));
    this.onTemporary(temporary);
    const remedies = fullDiskRemedies(leftovers);
    const firstMade = attempt(temporary, "make the directory", () => mkdirSync(dirname(target), { recursive: true }), remedies);
    attempt(temporary, "make the directory", () => {
      mkdirSync(temporary, { mode: 0o700 });
    });
    const { bavail, bsize } = attempt(temporary, "ask for its free space", () => statfsSync(temporary, { bigint: true }));
    const facts = { target, temporary, firstMade, existing, leftovers, freeBytes: bavail * bsize };
    const made = new LocalNewDataDir({ ...facts, onTemporary: this.onTemporary });
    made.takeOwner();
    return made;
  }
}

/** What stands beside the target and has the name of a data dir that is being written: of a killed program, or of one that runs now. */
function leftoversBeside(target: string): readonly string[] {
  const parent = dirname(target);
  return attempt(parent, "list the directory", () => (existsSync(parent) ? readdirSync(parent) : []))
    .filter((name) => isUnfinishedName(name, basename(target)))
    .map((name) => join(parent, name))
    .sort();
}

function fullDiskRemedies(leftovers: readonly string[]): readonly Remedy[] {
  const rest = leftovers.map(shellWord).join(" ");
  return [
    ...(rest === ""
      ? []
      : [{ why: "a restore that was killed left this here; if none is under way now, remove it", command: `rm -r ${rest}` }]),
    { why: "free space on that disk, or restore to another one" },
  ];
}

interface NewDataDirFacts {
  readonly target: string;
  readonly temporary: string;
  /** The first directory above the target that did not exist before. */
  readonly firstMade: string | undefined;
  /** The empty directory at the target: its owner and mode are those that its maker wanted. */
  readonly existing: Stats | undefined;
  readonly leftovers: readonly string[];
  readonly freeBytes: bigint;
  readonly onTemporary: OnTemporary;
}

class LocalNewDataDir implements NewDataDir {
  readonly leftovers: readonly string[];
  readonly freeBytes: bigint;
  private readonly facts: NewDataDirFacts;
  private readonly folders = new Set<string>();
  private owner: { readonly uid: number; readonly gid: number } | undefined;

  constructor(facts: NewDataDirFacts) {
    this.facts = facts;
    this.leftovers = facts.leftovers;
    this.freeBytes = facts.freeBytes;
  }

  /** Before anything is written, so that who may not, learns it now. */
  takeOwner(): void {
    const { existing, temporary, target } = this.facts;
    if (existing === undefined) return;
    const { uid, gid } = existing;
    try {
      const own = attempt(temporary, "look at it", () => statSync(temporary));
      if (own.uid === uid && own.gid === gid) return;
      const remedy = { why: `run it as root or as that user, or remove the empty directory ${target}: a new one will be yours` };
      attempt(temporary, `give it the owner of ${target} (${String(uid)}:${String(gid)})`, () => chownSync(temporary, uid, gid), [remedy]);
      this.owner = { uid, gid };
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  create(path: string): ReturnType<NewDataDir["create"]> {
    const { temporary } = this.facts;
    const full = join(temporary, path);
    const remedies = fullDiskRemedies(this.leftovers);
    const file = attempt(
      full,
      "create it",
      () => {
        this.makeFolders(dirname(full));
        const opened = openSync(full, "wx", 0o600);
        if (this.owner !== undefined) fchownSync(opened, this.owner.uid, this.owner.gid);
        return opened;
      },
      remedies,
    );
    let size = 0;
    const put = (bytes: Uint8Array, at: number): void => {
      let done = 0;
      while (done < bytes.length)
        done += attempt(full, "write it", () => writeSync(file, bytes, done, bytes.length - done, at + done), remedies);
    };
    return {
      write: (bytes) => {
        put(bytes, size);
        size += bytes.length;
      },
      patch: (offset, bytes) => {
        put(bytes, offset);
      },
      close: () => {
        attempt(
          full,
          "sync it",
          () => {
            fsyncSync(file);
          },
          remedies,
        );
        closeSync(file);
      },
    };
  }

  private makeFolders(deepest: string): void {
    const { temporary } = this.facts;
    const missing: string[] = [];
    for (let folder = deepest; folder.startsWith(temporary) && !this.folders.has(folder); folder = dirname(folder)) missing.push(folder);
    for (const folder of missing.reverse()) {
      this.folders.add(folder);
      if (folder === temporary) continue;
      mkdirSync(folder, { mode: 0o700 });
      if (this.owner !== undefined) chownSync(folder, this.owner.uid, this.owner.gid);
    }
  }

  commit(): void {
    const { target, temporary, firstMade, existing, onTemporary } = this.facts;
    if (existing !== undefined) attempt(temporary, `give it the mode of ${target}`, () => chmodSync(temporary, existing.mode & 0o7777));
    for (const folder of [...this.folders].sort((a, b) => b.length - a.length)) syncDirectory(folder);
    assertStillFree(target);
    attempt(target, "give it its name", () => {
      try {
        // An empty directory in the way is what the caller made for us.
        if (existsSync(target)) rmdirSync(target);
        renameSync(temporary, target);
      } catch (error) {
        assertStillFree(target); // whoever was faster is the reason, and not what the system calls it
        throw error;
      }
    });
    onTemporary(undefined);
    // Every directory that has a new entry, up to the one that was there before.
    for (let folder = dirname(target); ; folder = dirname(folder)) {
      syncDirectory(folder);
      if (firstMade === undefined || folder.length < firstMade.length || folder === dirname(folder)) return;
    }
  }

  discard(): void {
    const { temporary, onTemporary } = this.facts;
    attempt(temporary, "remove what was written", () => {
      rmSync(temporary, { recursive: true, force: true });
    });
    onTemporary(undefined);
  }
}

/** It was free when the writing began: two restores to one place are two shells, or a key pressed twice. */
function assertStillFree(target: string): void {
  try {
    assertFreeTarget(target);
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== "TARGET_NOT_EMPTY") throw error;
    throw new RecoveryError(error.code, {
      subject: error.subject,
      detail: `it came there while this data dir was being written, perhaps by the same restore started twice: ${error.detail}`,
      remedies: [{ why: "look at what is there; a data dir that requorum made has its name only once it is whole" }],
    });
  }
}

function syncDirectory(path: string): void {
  attempt(path, "sync the directory", () => {
    const directory = openSync(path, "r");
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  });
}

function attempt<T>(path: string, what: string, operation: () => T, remedies: readonly Remedy[] = []): T {
  try {
    return operation();
  } catch (error) {
    throw toRecoveryError(error, path, what, remedies);
  }
}
