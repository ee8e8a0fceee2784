import { homedir } from "node:os";
import { join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";

/** Where the lab keeps things. Caches may be deleted at any time; a lab's state directory goes with `lab down`. */
export interface LabPaths {
  /** Built programs, images: shared by all labs. */
  readonly cacheDir: string;
  /** One directory per lab. */
  readonly labsDir: string;
}

/** XDG base directories, as everything else of requorum. */
export function labPathsFrom(environment: { readonly [name: string]: string | undefined }): LabPaths {
  const home = environment["HOME"] ?? homedir();
  // Empty or relative counts as not set (XDG base directory specification).
  const base = (variable: string, fallback: string) => {
    const value = environment[variable];
    return value?.startsWith("/") === true ? value : join(home, fallback);
  };
  const cache = base("XDG_CACHE_HOME", ".cache");
  const state = base("XDG_STATE_HOME", ".local/state");
  return { cacheDir: join(cache, "requorum"), labsDir: join(state, "requorum", "labs") };
}

/**
 * These paths stand in an ssh_config, in options of mount and in shell lines,
 * where a space, a comma or a colon is a separator. LAB_UNSUPPORTED otherwise.
 */
export function assertPlainPaths(paths: LabPaths): void {
  for (const path of [paths.cacheDir, paths.labsDir]) {
    if (/^\/[A-Za-z0-9/._+@-]*$/.test(path)) continue;
    throw new RecoveryError("LAB_UNSUPPORTED", {
      subject: `directory ${path}`,
      detail:
        "the lab's paths may hold letters, digits and / . _ + @ - only; set XDG_CACHE_HOME and XDG_STATE_HOME to directories of such names",
    });
  }
}

/** Everything of one machine lies below this directory, so that what is left of it can be found by looking. */
export interface MachinePaths {
  readonly dir: string;
  /** The overlay's mount point: the machine's root file system. */
  readonly root: string;
  readonly upper: string;
  readonly work: string;
  readonly containerd: string;
  readonly kubelet: string;
  readonly logs: string;
  /** ext4 in a file: the etcd data file system, so that it can break by itself. */
  readonly etcdImage: string;
  readonly etcdMount: string;
  readonly consoleLog: string;
  /** "DEVICE:INODE" of the root of each boot: nspawn's lock files in the host's /run are named after it. */
  readonly bootRoots: string;
}

export function machinePaths(labDir: string, machine: string): MachinePaths {
  const dir = join(labDir, "machines", machine);
  return {
    dir,
    root: join(dir, "root"),
    upper: join(dir, "upper"),
    work: join(dir, "work"),
    containerd: join(dir, "containerd"),
    kubelet: join(dir, "kubelet"),
    logs: join(dir, "logs"),
    etcdImage: join(dir, "etcd.img"),
    etcdMount: join(dir, "etcd"),
    consoleLog: join(dir, "console.log"),
    bootRoots: join(dir, "boot-roots"),
  };
}
