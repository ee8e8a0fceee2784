import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ReportProgress } from "../../../model/progress-event.ts";
import { cacheEntry, exists } from "../programs/cache-entry.ts";
import { runProgram } from "../run-program.ts";

const suite = "bookworm";

/** What a control-plane machine of Debian 12 has before Kubernetes comes. */
const packages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "iproute2",
  "iptables",
  "nftables",
  "ca-certificates",
  "haproxy",
  "keepalived",
  "procps",
  "curl",
  "netcat-openbsd",
  "iputils-ping",
  "iputils-arping",
  "kmod",
  "ebtables",
  "ethtool",
  "socat",
  "conntrack",
  "containerd",
  "runc",
  "containernetworking-plugins",
  "python3-minimal",
  "openssl",
  "busybox-static",
  "mount",
  "util-linux",
  "sudo",
  "faketime",
  "e2fsprogs",
  "psmisc",
] as const;

/** Measured 22-49 s; a slow mirror may need ten times that. */
const bootstrapTimeoutMs = 900_000;
/** Lines that mmdebstrap writes for its stages; the last one is success. */
const stages = 8;

/** The file tree that every machine is an overlay of: Debian with the packages above. Made once, about 430 MB. */
export async function baseImage(options: { readonly cacheDir: string; readonly report: ReportProgress }): Promise<string> {
  const digest = createHash("sha256")
    .update(JSON.stringify([suite, packages]))
    .digest("hex")
    .slice(0, 8);
  const target = join(options.cacheDir, "images", `${suite}-${process.arch}-${digest}`);
  if (await exists(target)) return target;
  const text = "making the machines' base image from Debian packages (about 1 min, once)";
  return cacheEntry(target, async (directory) => {
    let done = 0;
    options.report({ kind: "count", text, done, total: stages });
    await rm(directory, { recursive: true });
    await runProgram({
      reason: "making the base image",
      program: "mmdebstrap",
      args: ["--variant=minbase", "--mode=root", `--include=${packages.join(",")}`, suite, directory],
      timeoutMs: bootstrapTimeoutMs,
      onLine: (line) => {
        if (line.startsWith("I: ")) options.report({ kind: "count", text, done: Math.min(stages, ++done), total: stages });
      },
    });
    // What must differ between machines, or comes from the lab.
    for (const path of ["etc/machine-id", "etc/hostname", "etc/resolv.conf", "var/lib/dbus/machine-id"])
      await rm(join(directory, path), { force: true });
    for (const kind of ["rsa", "ecdsa", "ed25519"]) {
      await rm(join(directory, `etc/ssh/ssh_host_${kind}_key`), { force: true });
      await rm(join(directory, `etc/ssh/ssh_host_${kind}_key.pub`), { force: true });
    }
  });
}
