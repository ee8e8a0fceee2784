import { writeFileSync } from "node:fs";

/**
 * From here on a core file of this process, and of the programs that it starts, holds no
 * content of memory: no key, and nothing of a cluster. What processors hold in their
 * registers is in it all the same. Sources: core(5), "Controlling which mappings
 * are written to the core dump"; proc_pid_coredump_filter(5).
 *
 * false: this kernel has no such setting (no Linux, no core files), or does not let it be
 * changed. That is no reason not to work: `ulimit -c 0` does the same there.
 */
export function emptyCoreFiles(): boolean {
  try {
    writeFileSync("/proc/self/coredump_filter", "0x0");
    return true;
  } catch {
    return false;
  }
}
