import { chmodSync, chownSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { asHostName, type HostName } from "../../src/model/ids.ts";
import type { RemoteRequest, RemoteResult } from "../../src/ports/host-access.ts";
import { shellWord } from "../../src/model/shell-word.ts";
import { MachinesBelow } from "./machines-below.ts";

/** Machines below a directory each that files are restored on: what the program keeps in /var/lib/requorum is there too. Records what went where. */
export class RestoringMachines extends MachinesBelow {
  readonly #below: string;
  /** Words and arguments of every script; the script's text and its input are left out. */
  readonly words: string[] = [];
  /** Called and waited for before a script runs; throwing stands for what kills the program. */
  beforeRun: ((host: HostName, request: RemoteRequest) => void | Promise<void>) | undefined;

  constructor(directory: string) {
    super(directory);
    this.#below = directory;
  }

  /** The script that puts files back is killed (-9) before the command of this number that names or removes. */
  killBefore: number | undefined;

  /** flock ends with this status instead of locking anything. */
  flockFails: number | undefined;

  /** Each sync waits until this path exists, as on a disk that hangs. */
  syncsAfter: string | undefined;
  /** Shell functions in front of the script that puts files back, each in the place of a command. */
  functions: string | undefined;
  /** A directory of the machine that is a filesystem of its own while a script about files runs. */
  tmpfs: { readonly at: string; readonly options: string } | undefined;
  /** A directory of the machine that is bound to another one while a script about files runs, in a mount namespace of its own. */
  bound: { readonly from: string; readonly at: string } | undefined;

  private inNamespace(host: string, script: string): string {
    const { bound, tmpfs } = this;
    if (bound === undefined && tmpfs === undefined) return script;
    const words = [
      ...(bound === undefined ? [] : [["mount", "--bind", this.place(host, bound.from), this.place(host, bound.at)]]),
      ...(tmpfs === undefined ? [] : [["mount", "-t", "tmpfs", "-o", tmpfs.options, "tmpfs", this.place(host, tmpfs.at)]]),
    ];
    const mount = words.map((line) => line.map(shellWord).join(" ")).join("\n");
    return `exec unshare -m sh -c ${shellWord(`${mount}\n${script}`)} sh "$@"`;
  }

  private killedScript({ reason }: RemoteRequest): string {
    if (this.flockFails !== undefined) return `flock() { echo "no locks here" >&2; return ${String(this.flockFails)}; }\n`;
    if (this.syncsAfter !== undefined)
      return `sync() { while [ ! -e ${shellWord(this.syncsAfter)} ]; do sleep 0.02; done; command sync "$@"; }\n`;
    if (this.functions !== undefined && reason.startsWith("put files")) return `${this.functions}\n`;
    if (this.killBefore === undefined || !reason.startsWith("put files")) return "";
    const words = ["ln", "mv", "rm"].map((word) => `${word}() { tick; command ${word} "$@"; }\n`);
    return `tick() { ticks=$((\${ticks:-0} + 1)); if [ "$ticks" -ge ${String(this.killBefore)} ]; then kill -9 $$; fi; }\n${words.join("")}`;
  }

  rootOf(host: string): string {
    return join(this.#below, `machine-${host}`);
  }

  override run(host: HostName, request: RemoteRequest): Promise<RemoteResult> {
    this.words.push([request.reason, ...(request.args ?? [])].join(" "));
    return Promise.resolve().then(async () => {
      await this.beforeRun?.(host, request);
      // What runs on the machine of the test is nothing of theirs.
      if (request.reason === "look at the machine") return { exitCode: 0, stdout: "machine-id m\nprocesses-listed\nend\n", stderr: "" };
      return super.run(host, {
        ...request,
        script: this.inNamespace(
          host,
          `${this.killedScript(request)}${request.script.replaceAll("/var/lib/requorum", `${this.rootOf(host)}/var/lib/requorum`)}`,
        ),
      });
    });
  }

  place(host: string, path: string): string {
    return join(this.rootOf(host), path);
  }

  set(host: string, path: string, given: { readonly text: string; readonly mode?: number; readonly uid?: number }): void {
    this.put(asHostName(host), { [path]: given.text });
    chmodSync(this.place(host, path), given.mode ?? 0o600);
    if (given.uid !== undefined) chownSync(this.place(host, path), given.uid, given.uid);
  }

  text(host: string, path: string): string {
    return readFileSync(this.place(host, path), "utf8");
  }

  mode(host: string, path: string): string {
    return (lstatSync(this.place(host, path)).mode & 0o7777).toString(8);
  }

  /** Every path below the machine's root, with what it holds; without what the program keeps for itself. */
  tree(host: string): { readonly [path: string]: string } {
    const found: { [path: string]: string } = {};
    const walk = (path: string): void => {
      for (const entry of readdirSync(join(this.rootOf(host), path), { withFileTypes: true })) {
        const inner = `${path}/${entry.name}`;
        if (inner.startsWith("/var/lib/requorum")) continue;
        if (entry.isDirectory()) walk(inner);
        else found[inner] = entry.isSymbolicLink() ? `-> ${readlinkSync(this.place(host, inner))}` : this.text(host, inner);
      }
    };
    walk("");
    return found;
  }
}
