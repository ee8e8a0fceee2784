import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A disk of a few MiB that only programs started through it see: a tmpfs in a
 * mount namespace of its own. Needs root. `free` makes it large enough; `close`
 * takes it away with everything on it.
 */
export class SmallDisk {
  /** Where it is, for programs inside. */
  readonly path: string;
  readonly #holder: ChildProcess;

  private constructor(path: string, holder: ChildProcess) {
    this.path = path;
    this.#holder = holder;
  }

  /** `spareBytes` are free; the rest is taken by something else, as on a real full disk. */
  static async make(spareBytes: number): Promise<SmallDisk> {
    const path = mkdtempSync(join(tmpdir(), "requorum-small-disk-"));
    // It ends when its input does: also when this process is killed.
    const holder = spawn(
      "unshare",
      ["--mount", "--propagation", "private", "sh", "-c", 'mount -t tmpfs -o size=64m none "$1" && echo mounted && exec cat', "sh", path],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    await new Promise<void>((mounted, failed) => {
      holder.stdout.once("data", () => {
        mounted();
      });
      holder.once("close", (code) => {
        failed(new Error(`no tmpfs in a namespace of its own: unshare ended with ${String(code)}`));
      });
    });
    const disk = new SmallDisk(path, holder);
    writeFileSync(join(disk.seen, "ballast"), Buffer.alloc(64 * 1024 * 1024 - spareBytes));
    return disk;
  }

  /** The same place, as this process sees it. */
  get seen(): string {
    return join("/proc", String(this.#holder.pid), "root", this.path);
  }

  /** Before a program, so that it sees the disk. */
  get through(): readonly string[] {
    return ["nsenter", "--mount", "--target", String(this.#holder.pid)];
  }

  free(): void {
    rmSync(join(this.seen, "ballast"));
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#holder.once("close", done));
    this.#holder.kill("SIGKILL");
    await closed;
    rmSync(this.path, { recursive: true, force: true });
  }
}
