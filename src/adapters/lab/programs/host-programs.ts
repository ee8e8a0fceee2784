import type { ReportProgress } from "../../../model/progress-event.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { runProgram } from "../run-program.ts";

/** What the lab runs on the host, and the Debian package that has it. */
const needed: readonly { readonly program: string; readonly debianPackage: string }[] = [
  { program: "mmdebstrap", debianPackage: "mmdebstrap" },
  { program: "systemd-nspawn", debianPackage: "systemd-container" },
  { program: "ssh", debianPackage: "openssh-client" },
  { program: "ssh-keygen", debianPackage: "openssh-client" },
  { program: "ip", debianPackage: "iproute2" },
  { program: "nsenter", debianPackage: "util-linux" },
  { program: "unshare", debianPackage: "util-linux" },
  { program: "fallocate", debianPackage: "util-linux" },
  { program: "losetup", debianPackage: "mount" },
  { program: "mkfs.ext4", debianPackage: "e2fsprogs" },
  { program: "tar", debianPackage: "tar" },
];

/** apt-get update and some 20 MB of packages over a slow line. */
const installTimeoutMs = 600_000;

/**
 * Makes sure that everything the lab starts on this machine is there: on
 * Debian and Ubuntu it installs what is missing, elsewhere LAB_UNSUPPORTED says
 * what to install. LAB_UNSUPPORTED as well without Linux or root.
 */
export async function ensureHostPrograms(report: ReportProgress): Promise<void> {
  if (process.platform !== "linux")
    throw new RecoveryError("LAB_UNSUPPORTED", { subject: "this machine", detail: `the lab needs Linux; this is ${process.platform}` });
  if (process.getuid?.() !== 0) {
    throw new RecoveryError("LAB_UNSUPPORTED", {
      subject: "this user",
      detail: "the lab makes machines, mounts and network namespaces: it must be run as root",
      remedies: [{ why: "run the same command as root" }],
    });
  }
  const missing = await findMissing();
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  if (!(await isOnPath("apt-get"))) {
    throw new RecoveryError("LAB_UNSUPPORTED", {
      subject: missing.map(({ program }) => program).join(", "),
      detail: `not on this machine, and there is no apt-get to install it with. Debian's packages are called ${packages.join(", ")}; find the same of your distribution`,
    });
  }
  report({ kind: "phase", text: `installing ${packages.join(", ")} with apt-get (about 30 s, once)` });
  await installPackages(packages);
  const still = await findMissing();
  if (still.length > 0)
    throw new RecoveryError("LAB_UNSUPPORTED", {
      subject: still.map(({ program }) => program).join(", "),
      detail: "still not on PATH after its package was installed",
    });
}

/** As root on Debian or Ubuntu. LAB_FAILED quotes apt-get. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  await runApt(["update"]);
  await runApt(["install", "-y", "--no-install-recommends", ...packages]);
}

async function runApt(args: readonly string[]): Promise<void> {
  await runProgram({
    reason: `apt-get ${args[0] ?? ""}`,
    program: "apt-get",
    args: ["-q", "-o", "DPkg::Lock::Timeout=120", ...args],
    environment: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    timeoutMs: installTimeoutMs,
  });
}

async function findMissing(): Promise<typeof needed> {
  const found = await Promise.all(needed.map(async (entry) => ({ entry, has: await isOnPath(entry.program) })));
  return found.filter(({ has }) => !has).map(({ entry }) => entry);
}

export async function isOnPath(program: string): Promise<boolean> {
  const result = await runProgram({
    reason: "looking for programs",
    program: "/bin/sh",
    args: ["-c", 'command -v "$1"', "sh", program],
    timeoutMs: 10_000,
    acceptsFailure: true,
  });
  return result.exitCode === 0;
}
