import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { LocalLock } from "../../src/ports/local-lock.ts";

/** Locks in memory. */
export class FakeLocalLock implements LocalLock {
  readonly held = new Map<string, string>();

  acquire(name: string, holder: string): Promise<{ release(): Promise<void> }> {
    return Promise.resolve().then(() => {
      const other = this.held.get(name);
      if (other !== undefined) throw new RecoveryError("RUN_LOCKED", { subject: `lock ${name}`, detail: other });
      this.held.set(name, holder);
      return {
        release: () => {
          this.held.delete(name);
          return Promise.resolve();
        },
      };
    });
  }
}
