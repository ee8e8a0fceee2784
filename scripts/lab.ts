/** The lab from the command line until `requorum lab` exists: up, down, status. */
import { fileURLToPath } from "node:url";
import { labPathsFrom } from "../src/adapters/lab/lab-paths.ts";
import { makeLab } from "../src/adapters/lab/make-lab.ts";
import { takeDownLab } from "../src/adapters/lab/take-down-lab.ts";

const [verb, ...rest] = process.argv.slice(2);
const option = (name: string, fallback: string) => (rest.includes(`--${name}`) ? (rest[rest.indexOf(`--${name}`) + 1] ?? fallback) : fallback);
const name = option("name", "dev");
const paths = labPathsFrom(process.env);
const start = performance.now();
const report = (event: { readonly kind: string; readonly text: string; readonly done?: number | bigint; readonly total?: number | bigint | undefined }) => {
  const count = event.kind === "count" ? ` ${String(event.done)}/${String(event.total)}` : "";
  console.error(`[${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s] ${event.text}${count}`);
};
if (verb === "up") {
  const { state, phases } = await makeLab(
    {
      name,
      versions: { kubernetes: option("kubernetes", "1.34.4"), etcd: option("etcd", "3.6.16") },
      shape: { controlPlanes: Number(option("control-planes", "3")) as 1 | 3 | 5, workers: Number(option("workers", "0")), etcdMachines: 0, spares: Number(option("spares", "0")) },
    },
    { paths, toolsDir: fileURLToPath(new URL("../tools", import.meta.url)), report },
  );
  for (const phase of phases) console.log(`${(phase.durationMs / 1000).toFixed(1).padStart(7)} s  ${phase.name}`);
  console.log(`lab ${state.name} is up; files in ${paths.labsDir}/${state.name}`);
} else if (verb === "down") {
  await takeDownLab(paths, name);
} else {
  console.error("usage: lab.ts up|down [--name NAME] [--control-planes N] [--workers N] [--spares N] [--kubernetes V] [--etcd V]");
  process.exitCode = 2;
}
