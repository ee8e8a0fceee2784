import { execFile } from "node:child_process";
import { access, constants, readdir, readFile, statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Workstation } from "../../ports/workstation.ts";

/** Local programs that only print something; more than this means that they hang (a locked agent, a dead smart card). */
const programMsMax = 3_000;
/** No path is nested deeper. */
const depthMax = 100;

/** The machine that this process runs on. */
export class NodeWorkstation implements Workstation {
  readonly runtimeVersion = process.versions.node;

  async sshVersion(): Promise<string | undefined> {
    const result = await runLocal("ssh", ["-V"]);
    return result === undefined ? undefined : `${result.stderr}${result.stdout}`.trim();
  }

  /** ssh-add(1): exit 0 keys listed, 1 the agent has none, 2 no agent. */
  async agentKeyCount(): Promise<number | "no-agent"> {
    const result = await runLocal("ssh-add", ["-l"]);
    if (result?.exitCode === 0) return result.stdout.trim().split("\n").length;
    return result?.exitCode === 1 ? 0 : "no-agent";
  }

  async defaultKeyFiles(): Promise<readonly string[]> {
    const directory = join(homedir(), ".ssh");
    const names = await readdir(directory).catch(() => []); // no directory, no keys
    return names.filter((name) => /^id_(rsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk)$/.test(name)).map((name) => join(directory, name));
  }

  async isClockSynchronised(): Promise<boolean | undefined> {
    const result = await runLocal("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
    const word = result?.exitCode === 0 ? result.stdout.trim() : "";
    if (word === "yes") return true;
    const isMarked = await readFile("/run/systemd/timesync/synchronized").then(
      () => true,
      () => false,
    );
    if (isMarked) return true;
    return word === "no" ? false : undefined;
  }

  async space(path: string): Promise<{ readonly freeBytes: bigint; readonly freeInodes: bigint; readonly isWritable: boolean }> {
    let place = path;
    for (let depth = 0; depth < depthMax; depth += 1) {
      try {
        const { bavail, bsize, ffree } = await statfs(place, { bigint: true });
        const isWritable = await access(place, constants.W_OK).then(
          () => true,
          () => false,
        );
        return { freeBytes: bavail * bsize, freeInodes: ffree, isWritable };
      } catch (cause) {
        const parent = dirname(place);
        if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || parent === place) {
          throw new RecoveryError("LOCAL_FILE_FAILED", {
            subject: `directory ${path}`,
            detail: `${place} cannot be looked at (${(cause as NodeJS.ErrnoException).code ?? "unknown error"})`,
            cause,
          });
        }
        place = parent;
      }
    }
    throw new RecoveryError("LOCAL_FILE_FAILED", { subject: `directory ${path}`, detail: "the path is nested too deeply" });
  }
}

/** undefined: there is no such program, or it hangs. */
function runLocal(
  program: string,
  args: readonly string[],
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string } | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: programMsMax, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else resolve(typeof error.code === "number" ? { exitCode: error.code, stdout, stderr } : undefined);
    });
  });
}
