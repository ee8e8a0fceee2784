/**
 * Writes src/formats/kubernetes/kube-types.generated.ts: what the Go types of
 * several versions of Kubernetes (tools/kube-types) say about their stored
 * form, merged. `--check` only compares. Needs Go; run it after a change of
 * the versions in kube-types-modules.ts.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildPrograms } from "../src/adapters/lab/programs/build-programs.ts";
import { kubeTypesModules } from "../src/adapters/lab/programs/kube-types-modules.ts";
import { mergeKubeTables } from "./merge-kube-tables.ts";

const root = resolve(import.meta.dirname, "..");
const target = join(root, "src/formats/kubernetes/kube-types.generated.ts");
const cacheDir = join(process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "/root", ".cache"), "requorum");

const tables: string[] = [];
for (const module of kubeTypesModules) {
  const directory = await buildPrograms(module, { toolsDir: join(root, "tools"), cacheDir, report: () => undefined });
  tables.push(execFileSync(join(directory, "kube-types"), ["table"], { encoding: "utf8", maxBuffer: 64 << 20 }));
}
const written = mergeKubeTables(tables);
if (process.argv.includes("--check")) {
  const isSame = readFileSync(target, "utf8") === written;
  process.stdout.write(isSame ? "the table is up to date\n" : "the table is stale: node scripts/generate-kube-types.ts\n");
  process.exit(isSame ? 0 : 1);
}
writeFileSync(target, written);
process.stdout.write(`${target}: ${String(Math.round(written.length / 1024))} KiB\n`);
