import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { Workstation } from "../../src/ports/workstation.ts";

/** A workstation that is as the test says; fit for work unless told otherwise. */
export class FakeWorkstation implements Workstation {
  runtimeVersion = "24.21.0";
  ssh: string | undefined = "OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19";
  agentKeys: number | "no-agent" = 1;
  keyFiles: readonly string[] = ["/home/op/.ssh/id_ed25519"];
  clockSynchronised: boolean | undefined = true;
  disk: { freeBytes: bigint; freeInodes: bigint; isWritable: boolean } | "unreadable" = {
    freeBytes: 100n * 1024n ** 3n,
    freeInodes: 1_000_000n,
    isWritable: true,
  };

  sshVersion(): Promise<string | undefined> {
    return Promise.resolve(this.ssh);
  }
  agentKeyCount(): Promise<number | "no-agent"> {
    return Promise.resolve(this.agentKeys);
  }
  defaultKeyFiles(): Promise<readonly string[]> {
    return Promise.resolve(this.keyFiles);
  }
  isClockSynchronised(): Promise<boolean | undefined> {
    return Promise.resolve(this.clockSynchronised);
  }
  space(path: string): Promise<{ readonly freeBytes: bigint; readonly freeInodes: bigint; readonly isWritable: boolean }> {
    if (this.disk === "unreadable")
      return Promise.reject(new RecoveryError("LOCAL_FILE_FAILED", { subject: `directory ${path}`, detail: "EACCES" }));
    return Promise.resolve(this.disk);
  }
}
