/** What the benchmark of the file engine is about: sizes from the environment, a snapshot made by a real etcd, the programs. */
import { existsSync, mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildPrograms } from "../src/adapters/lab/programs/build-programs.ts";
import { labPathsFrom } from "../src/adapters/lab/lab-paths.ts";
import { buildProgram } from "../scripts/build.ts";
import { etcdBulk } from "../test/support/etcd-traffic.ts";
import { storedConfigMap } from "../test/support/make-snapshot.ts";
import { boltOracleModule } from "../test/support/oracle-modules.ts";
import { exactVersion, PlainEtcd, programsOf, type EngineVersion } from "../test/support/plain-etcd.ts";
import { seededRandom } from "../test/support/seeded-random.ts";

const root = resolve(import.meta.dirname, "..");

export interface FilesSetting {
  readonly megabytes: number;
  readonly valueBytes: number;
  readonly rounds: number;
  readonly hasWarmUp: boolean;
  readonly etcdVersion: EngineVersion;
  readonly directory: string;
  /** Made when it is not given. */
  readonly snapshot: string | undefined;
}

export function filesSetting(): FilesSetting {
  const number = (name: string, other: number): number => {
    const value = Number(process.env[name] ?? String(other));
    if (!Number.isFinite(value) || value < 0) throw new Error(`${name} is no number: ${process.env[name] ?? ""}`);
    return value;
  };
  const version = process.env["REQUORUM_BENCH_ETCD"] ?? "3.6";
  if (version !== "3.6" && version !== "3.7") throw new Error("REQUORUM_BENCH_ETCD is 3.6 or 3.7: older ones have no `etcdutl hashkv`");
  return {
    megabytes: number("REQUORUM_BENCH_MB", 400),
    valueBytes: number("REQUORUM_BENCH_VALUE_BYTES", 10_000),
    rounds: number("REQUORUM_BENCH_ROUNDS", 5),
    hasWarmUp: number("REQUORUM_BENCH_WARM_UP", 1) > 0,
    etcdVersion: version,
    directory: mkdtempSync(join(process.env["REQUORUM_BENCH_DIR"] ?? tmpdir(), "requorum-bench-files-")),
    snapshot: process.env["REQUORUM_BENCH_SNAPSHOT"],
  };
}

export interface Programs {
  /** Directory of etcd, etcdctl, etcdutl. */
  readonly etcd: string;
  readonly bbolt: string;
  /** Our program as an installed package has it. */
  readonly requorum: string;
}

export async function programsFor(setting: FilesSetting): Promise<Programs> {
  const oracle = await buildPrograms(boltOracleModule, {
    toolsDir: join(root, "tools"),
    cacheDir: labPathsFrom(process.env).cacheDir,
    report: () => undefined,
  });
  const built = join(setting.directory, "package");
  mkdirSync(built);
  await buildProgram(join(built, "dist"));
  writeFileSync(join(built, "package.json"), '{"type":"module","version":"0.0.0"}\n');
  symlinkSync(join(root, "node_modules"), join(built, "node_modules"));
  return { etcd: await programsOf(setting.etcdVersion), bbolt: join(oracle, "bbolt"), requorum: join(built, "dist/cli/main.js") };
}

/** ConfigMaps of `valueBytes` in the API server's form: one key in ten is written a second time. */
export async function makeBenchSnapshot(setting: FilesSetting): Promise<string> {
  if (setting.snapshot !== undefined) {
    if (!existsSync(setting.snapshot)) throw new Error(`there is no ${setting.snapshot}`);
    return resolve(setting.snapshot);
  }
  const etcd = await PlainEtcd.start({
    version: setting.etcdVersion,
    directory: join(setting.directory, "etcd"),
    flags: ["--quota-backend-bytes=34359738368", "--snapshot-count=1000"],
  });
  try {
    const count = Math.ceil((setting.megabytes * 1e6) / (setting.valueBytes * 1.03)); // measured: what pages and heads add
    const random = seededRandom(7);
    const letters = Array.from({ length: setting.valueBytes + 65_536 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join("");
    const keys = Math.max(1, Math.ceil(count * 0.9));
    await etcdBulk(etcd, {
      count,
      keys,
      valueBytes: setting.valueBytes + 200,
      seed: 7,
      valueFor: (number) => {
        const at = Math.floor(random() * 65_536);
        const name = `object-${String(number % keys).padStart(8, "0")}`;
        return storedConfigMap(`namespace-${String(number % 50)}`, name, { data: letters.slice(at, at + setting.valueBytes) });
      },
    });
    await etcd.etcdctl(["put", "/registry/namespaces/default", '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"default"}}']);
    const file = join(setting.directory, "snapshot.db");
    await etcd.etcdctl(["snapshot", "save", file, "--command-timeout=1800s"]);
    process.stderr.write(
      `${(statSync(file).size / 1e6).toFixed(0)} MB: ${String(count)} puts of ${String(setting.valueBytes)} bytes, ${String(keys)} keys\n`,
    );
    return file;
  } finally {
    await etcd.close();
    await rm(join(setting.directory, "etcd"), { recursive: true, force: true });
  }
}

export function versionWords(setting: FilesSetting): string {
  return `etcd ${exactVersion[setting.etcdVersion]}, bbolt ${boltOracleModule.version}`;
}
