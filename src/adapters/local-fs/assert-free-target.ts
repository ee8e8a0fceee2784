import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { mountPointsOf } from "../../formats/machine/mount-points.ts";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { errnoOf, toRecoveryError } from "./to-recovery-error.ts";

/**
 * Nothing is at the target, or an empty directory, which is given back.
 * Throws TARGET_NOT_EMPTY, and LOCAL_FILE_FAILED for an empty mount point: a
 * disk of its own for etcd is usual, and its root cannot be renamed over,
 * which would be found out only after the last byte. What is advised does no
 * harm: the working directory, a device or a mount point is not to be moved.
 */
export function assertFreeTarget(target: string, holds: Held = "data"): Stats | undefined {
  const found = attempt(target, () => lookAt(target));
  if (found === undefined) return undefined;
  const isMounted = found.isDirectory && attempt(target, () => isMountPoint(target));
  if (found.words === undefined && !isMounted) return found.stats;
  const beside = join(target, "new");
  const roundMount: Remedy = {
    why: `a disk is mounted there, whose root nothing can take the place of: restore to ${beside}, and then move the folder "member" of it up into ${target}`,
  };
  if (found.words === undefined)
    throw new RecoveryError("LOCAL_FILE_FAILED", {
      subject: `directory ${target}`,
      detail: `it is a mount point, and a finished directory cannot take the place of one; nothing was written`,
      remedies: [roundMount],
    });
  const canBeMoved = found.canBeMoved && !(found.isDirectory && attempt(target, () => holdsWorkDirectory(target)));
  // What lies there as a file was never an unsealed set: it may be the only key.
  const isOwn = holds === "data" || found.isDirectory;
  const remedy = isMounted
    ? roundMount
    : !isOwn
      ? anotherDirectory
      : canBeMoved
        ? attempt(target, () => moveAside(target, holds))
        : anotherPath;
  throw new RecoveryError("TARGET_NOT_EMPTY", {
    subject: `${found.isDirectory ? "directory" : "path"} ${target}`,
    detail: `${found.words}; nothing was written`,
    remedies: [remedy],
  });
}

/** What is usual in such a place. */
export type Held = "data" | "unsealed-set";

const whyAside: { readonly [H in Held]: string } = {
  data: "move it aside, do not delete it: it may be the newest data there is",
  "unsealed-set":
    "move it aside, or name another directory; when it is a set that was unsealed before, and you changed nothing in it, you may remove it: `rm -r`. Its secrets are in clear",
};

const anotherPath: Remedy = { why: "name a path where nothing is" };
const anotherDirectory: Remedy = { why: "name another directory, one that is empty or not there yet" };

interface Found {
  readonly stats: Stats;
  readonly isDirectory: boolean;
  /** Why it is in the way; undefined for an empty directory. */
  readonly words: string | undefined;
  readonly canBeMoved: boolean;
}

function lookAt(target: string): Found | undefined {
  const stats = statsOrNothing(target);
  if (stats === undefined) return undefined;
  const found = (words: string | undefined, canBeMoved: boolean): Found => ({ stats, isDirectory: stats.isDirectory(), words, canBeMoved });
  if (stats.isDirectory()) {
    const names = readdirSync(target);
    const more = names.length > 5 ? ` and ${String(names.length - 5)} more` : "";
    return found(names.length === 0 ? undefined : `it holds ${names.slice(0, 5).join(", ")}${more}`, true);
  }
  if (stats.isSymbolicLink()) return found(`it is a link to ${readlinkSync(target)}`, true);
  return stats.isFile() ? found("it is a file", true) : found("it is a device, a pipe or a socket", false);
}

function statsOrNothing(target: string): Stats | undefined {
  try {
    return lstatSync(target);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Where the system has no such list, another device than the parent's tells most of them. */
function isMountPoint(target: string): boolean {
  const real = realpathSync(target);
  const list = "/proc/self/mountinfo";
  if (existsSync(list) && mountPointsOf(readFileSync(list, "utf8")).has(real)) return true;
  return statSync(real).dev !== statSync(dirname(real)).dev || dirname(real) === real;
}

function holdsWorkDirectory(target: string): boolean {
  return `${process.cwd()}/`.startsWith(`${realpathSync(target)}/`);
}

/** To a name that is free: `mv` would move it into a directory of that name. */
function moveAside(target: string, holds: Held): Remedy {
  const names = Array.from({ length: 99 }, (_, at) => `${target}.aside${at === 0 ? "" : `-${String(at + 1)}`}`);
  const free = names.find((name) => statsOrNothing(name) === undefined);
  if (free === undefined) return anotherPath;
  return {
    why: whyAside[holds],
    command: `mv ${shellWord(target)} ${shellWord(free)}`,
  };
}

function attempt<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toRecoveryError(error, path, "look at it", []);
  }
}
