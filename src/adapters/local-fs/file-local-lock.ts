import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { LocalLock } from "../../ports/local-lock.ts";
import { makePrivateDirectory, removeIfThere, replaceFile } from "./durable-file.ts";
import { errnoOf, toRecoveryError, translating } from "./to-recovery-error.ts";

/** SQLITE_BUSY of sqlite3.h: somebody else has the lock. */
const sqliteBusy = 5;
/** Words of the holder that an error quotes. */
const holderCharactersMax = 500;

/**
 * A lock that the kernel gives back when its holder dies, kill -9 included.
 * Node has no flock; its SQLite takes an fcntl lock on a file, which is the
 * same thing: bound to the process, never left behind, not inherited by
 * children, valid across network namespaces. The database holds nothing.
 * Files: STATE/locks/NAME.lock and, for people, NAME.holder. The latter may
 * outlive a killed holder; only the lock counts. Not reliable on network
 * file systems without lock support (then `acquire` fails, it never lies).
 */
export class FileLocalLock implements LocalLock {
  readonly #directory: string;

  /** `stateDirectory` is $XDG_STATE_HOME/requorum. */
  constructor(options: { readonly stateDirectory: string }) {
    this.#directory = join(options.stateDirectory, "locks");
  }

  async acquire(name: string, holder: string): Promise<{ release(): Promise<void> }> {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a plain file name`);
    const path = join(this.#directory, `${name}.lock`);
    const holderPath = join(this.#directory, `${name}.holder`);
    await translating(path, "make the lock's directory", () => makePrivateDirectory(this.#directory));
    // Loaded only where a lock is wanted: reading verbs never need it.
    const { DatabaseSync } = await import("node:sqlite");
    const close = lockFile(path, (file) => new DatabaseSync(file));
    if (close === undefined) throw await this.#locked(name, path, holderPath);
    try {
      await translating(holderPath, "say who holds the lock", () => replaceFile(holderPath, Buffer.from(holder)));
    } catch (error) {
      close();
      throw error;
    }
    return {
      release: async () => {
        await translating(holderPath, "remove the holder's note", () => removeIfThere(holderPath));
        close();
      },
    };
  }

  async #locked(name: string, path: string, holderPath: string): Promise<RecoveryError> {
    const words = await readFile(holderPath, "utf8").catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return "a run that has not said who it is";
      throw toRecoveryError(error, holderPath, "read who holds the lock");
    });
    return new RecoveryError("RUN_LOCKED", {
      subject: `lock ${name}`,
      detail: `${words.slice(0, holderCharactersMax)} (lock file ${path} on this machine)`,
    });
  }
}

interface Database {
  exec(sql: string): void;
  close(): void;
}

/** How to let go; undefined: somebody else has it. */
function lockFile(path: string, openDatabase: (path: string) => Database): (() => void) | undefined {
  let database: Database | undefined;
  try {
    database = openDatabase(path);
    database.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const held = database;
    return () => held.close();
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw toRecoveryError(error, path, "take the lock");
  }
}
