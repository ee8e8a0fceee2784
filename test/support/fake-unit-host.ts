import type { CalendarCheck, UnitFile, UnitHost, UnitState } from "../../src/ports/unit-host.ts";

/** A systemd in memory; fit for work unless told otherwise. */
export class FakeUnitHost implements UnitHost {
  readonly directory = "/etc/systemd/system";
  scope: "system" | "user" = "system";
  readonly files = new Map<string, string>();
  /** Links and the like. */
  readonly others = new Set<string>();
  /** Everything that changed something, in order. */
  readonly log: string[] = [];
  runs = true;
  lingers: boolean | undefined;
  calendar: CalendarCheck = { kind: "unchecked" };
  problems: readonly string[] | undefined = [];

  isRunning(): Promise<boolean> {
    return Promise.resolve(this.runs);
  }
  isLingering(): Promise<boolean | undefined> {
    return Promise.resolve(this.lingers);
  }
  read(name: string): Promise<UnitFile> {
    const text = this.files.get(name);
    if (this.others.has(name)) return Promise.resolve({ kind: "other" });
    return Promise.resolve(text === undefined ? { kind: "none" } : { kind: "file", text });
  }
  write(name: string, text: string): Promise<void> {
    this.log.push(`write ${name}`);
    this.files.set(name, text);
    return Promise.resolve();
  }
  moveAside(name: string, mark: string): Promise<string> {
    this.log.push(`aside ${name}`);
    this.files.set(`${name}.kept-${mark}`, this.files.get(name) ?? "");
    this.files.delete(name);
    return Promise.resolve(`${this.directory}/${name}.kept-${mark}`);
  }
  remove(name: string): Promise<void> {
    this.log.push(`remove ${name}`);
    this.files.delete(name);
    return Promise.resolve();
  }
  makeDirectory(path: string): Promise<void> {
    this.log.push(`mkdir ${path}`);
    return Promise.resolve();
  }
  checkCalendar(): Promise<CalendarCheck> {
    return Promise.resolve(this.calendar);
  }
  verify(): Promise<readonly string[] | undefined> {
    return Promise.resolve(this.problems);
  }
  systemctl(words: readonly string[]): Promise<void> {
    this.log.push(words.join(" "));
    return Promise.resolve();
  }
  state: UnitState | undefined;
  stateOf(): Promise<UnitState | undefined> {
    return Promise.resolve(this.state);
  }
}
