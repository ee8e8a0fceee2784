import { execFile } from "node:child_process";
import { access, constants, mkdir, statfs } from "node:fs/promises";
import process from "node:process";
import { promisify } from "node:util";
import type { DoctorCheck } from "../render/doctor.ts";
import { bytesWords } from "../render/words.ts";

/** A snapshot is at most 8 GiB by etcd's own advice; this much must be free so that one fits beside its journal. */
const freeBytesWanted = 10 * 1024 ** 3;

/** What can be said without any configuration: programs, state directory, disk. */
export async function localChecks(stateDirectory: string): Promise<readonly DoctorCheck[]> {
  return await Promise.all([sshCheck(), stateCheck(stateDirectory)]).then((checks) => [ok("Node", process.versions.node), ...checks.flat()]);
}

function ok(name: string, detail: string): DoctorCheck {
  return { name, state: "ok", detail, remedy: undefined };
}

async function sshCheck(): Promise<readonly DoctorCheck[]> {
  try {
    const { stderr } = await promisify(execFile)("ssh", ["-V"], { timeout: 2000 });
    return [ok("ssh", stderr.trim())];
  } catch {
    return [{ name: "ssh", state: "problem", detail: "the OpenSSH client was not found or does not start", remedy: { why: "Debian or Ubuntu", command: "apt-get install openssh-client" } }];
  }
}

async function stateCheck(directory: string): Promise<readonly DoctorCheck[]> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK);
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    const name = "state directory";
    if (free < freeBytesWanted) return [{ name, state: "warning", detail: `${directory} has ${bytesWords(free)} free; a snapshot of a large cluster may need more`, remedy: undefined }];
    return [ok(name, `${directory}, ${bytesWords(free)} free`)];
  } catch (error) {
    return [{ name: "state directory", state: "problem", detail: `${directory} cannot be written: ${error instanceof Error ? error.message : String(error)}`, remedy: undefined }];
  }
}
