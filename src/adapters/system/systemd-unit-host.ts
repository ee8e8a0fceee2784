import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, lstat, mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CalendarCheck, UnitFile, UnitHost, UnitState } from "../../ports/unit-host.ts";

/** systemctl waits for a manager that is busy; more than this means that it hangs. */
const programMsMax = 30_000;
/** Ten days of one every quarter of an hour: nights and weekends, the longest gaps of usual expressions, are among them. */
const iterations = 1000;
const unitMode = 0o644;

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The systemd of this machine, by its programs. systemctl(1), systemd-analyze(1). */
export class SystemdUnitHost implements UnitHost {
  readonly scope: "system" | "user";
  readonly directory: string;
  readonly #user: string;

  constructor(options: { readonly scope: "system" | "user"; readonly directory: string; readonly user: string }) {
    this.scope = options.scope;
    this.directory = options.directory;
    this.#user = options.user;
  }

  /** sd_booted(3); a user's manager answers, or does not. */
  async isRunning(): Promise<boolean> {
    if (!(await isThere("/run/systemd/system"))) return false;
    if (this.scope === "system") return true;
    const ran = await run("systemctl", ["--user", "show", "--property=Version"]);
    return ran?.exitCode === 0;
  }

  /** loginctl(1): enable-linger leaves a file. */
  async isLingering(): Promise<boolean | undefined> {
    return this.scope === "system" ? undefined : isThere(join("/var/lib/systemd/linger", this.#user));
  }

  read(name: string): Promise<UnitFile> {
    const path = join(this.directory, name);
    return translated(path, "look at the unit", async () => {
      try {
        if (!(await lstat(path)).isFile()) return { kind: "other" };
        return { kind: "file", text: await readFile(path, "utf8") };
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return { kind: "none" };
        throw error;
      }
    });
  }

  async write(name: string, text: string): Promise<void> {
    const path = join(this.directory, name);
    // systemd does not read names without its endings.
    const temporary = join(this.directory, `.${name}.partial-${randomBytes(6).toString("hex")}`);
    await translated(path, "write the unit", async () => {
      await mkdir(this.directory, { recursive: true, mode: 0o755 });
      try {
        const handle = await open(temporary, "wx", unitMode);
        try {
          await handle.writeFile(text);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(temporary, path);
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  async moveAside(name: string, mark: string): Promise<string> {
    const path = join(this.directory, name);
    const aside = `${path}.kept-${mark}`;
    await translated(path, "move the unit aside", () => rename(path, aside));
    return aside;
  }

  async remove(name: string): Promise<void> {
    const path = join(this.directory, name);
    await translated(path, "remove the unit", () => rm(path, { force: true }));
  }

  async makeDirectory(path: string, { isBelowMount }: { readonly isBelowMount: boolean }): Promise<void> {
    await translated(path, isBelowMount ? "make the directory (is the disk mounted?)" : "make the directory", async () => {
      try {
        await mkdir(path, { recursive: !isBelowMount, mode: 0o700 });
      } catch (error) {
        if (errnoOf(error) !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
      }
    });
  }

  async checkCalendar(expression: string): Promise<CalendarCheck> {
    const ask = (words: readonly string[]) => run("systemd-analyze", ["calendar", ...words, "--", expression], { TZ: "UTC" });
    const asked = await ask([`--iterations=${String(iterations)}`]);
    // Before systemd 242 there is no such option (its NEWS): then only the next time is known, and no gap.
    const ran = asked !== undefined && asked.exitCode !== 0 && /option/.test(asked.stderr) ? await ask([]) : asked;
    if (ran === undefined) return { kind: "unchecked" };
    if (ran.exitCode !== 0) return { kind: "wrong", detail: firstLine(ran.stderr) };
    const times = ran.stdout.matchAll(/(?:Next elapse|Iter\. #\d+): \w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g);
    const nextMs = [...times].map(([, day = "", time = ""]) => Date.parse(`${day}T${time}Z`));
    return nextMs.length === 0 ? { kind: "wrong", detail: "it never comes up" } : { kind: "fits", nextMs };
  }

  async verify(units: readonly { readonly name: string; readonly text: string }[]): Promise<readonly string[] | undefined> {
    const directory = await mkdtemp(join(tmpdir(), "requorum-units-"));
    try {
      for (const { name, text } of units) await writeFile(join(directory, name), text, { mode: unitMode });
      const scope = this.scope === "user" ? ["--user"] : [];
      const paths = units.map(({ name }) => join(directory, name));
      // It reads the files for a manager of its own, which for a user wants such a directory, also where nobody is logged in.
      const environment = { XDG_RUNTIME_DIR: directory };
      const words = [...scope, "verify", "--man=no", "--generators=no", "--recursive-errors=no", ...paths];
      const ran = await run("systemd-analyze", words, this.scope === "user" ? environment : {});
      if (ran === undefined) return undefined;
      // It warns of other units of the machine, too.
      const own = ran.stderr.split("\n").filter((line) => units.some(({ name }) => line.includes(name)));
      return own.length > 0 || ran.exitCode === 0 ? own : undefined;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async systemctl(words: readonly string[]): Promise<void> {
    const ran = await run("systemctl", [...this.#scopeWords(), ...words]);
    if (ran?.exitCode === 0) return;
    throw new RecoveryError("BACKUP_TIMER_FAILED", {
      subject: `systemctl ${words.join(" ")}`,
      detail: ran === undefined ? "there is no such program, or it did not end" : firstLine(ran.stderr),
    });
  }

  async stateOf(unit: string): Promise<UnitState | undefined> {
    const properties = ["--property=ActiveState", "--property=UnitFileState", "--property=LoadState"];
    const ran = await run("systemctl", [...this.#scopeWords(), "show", ...properties, unit]);
    if (ran?.exitCode !== 0) return undefined;
    const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(ran.stdout)?.[1] ?? "";
    return value("LoadState") === "loaded" ? { activeState: value("ActiveState"), unitFileState: value("UnitFileState") } : undefined;
  }

  #scopeWords(): readonly string[] {
    return this.scope === "user" ? ["--user"] : [];
  }
}

/** undefined: there is no such program, or it does not end. */
function run(program: string, args: readonly string[], environment: { readonly [name: string]: string } = {}): Promise<Ran | undefined> {
  const env = { ...process.env, LC_ALL: "C", SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "", ...environment };
  return new Promise((resolve) => {
    execFile(program, args, { timeout: programMsMax, encoding: "utf8", env }, (error, stdout, stderr) => {
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else resolve(typeof error.code === "number" ? { exitCode: error.code, stdout, stderr } : undefined);
    });
  });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function translated<T>(path: string, what: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    const code = errnoOf(cause) ?? "unknown error";
    throw new RecoveryError(code === "ENOSPC" || code === "EDQUOT" ? "LOCAL_DISK_FULL" : "LOCAL_FILE_FAILED", {
      subject: `file ${path}`,
      detail: `could not ${what} in ${dirname(path)} (${code})`,
      cause,
    });
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
