/** The lab from the command line, without the rest of requorum: for developers of the lab. `requorum lab` is the real one. */
import { fileURLToPath } from "node:url";
import { labPathsFrom } from "../src/adapters/lab/lab-paths.ts";
import { NspawnLab } from "../src/adapters/lab/nspawn-lab.ts";
import type { ProgressEvent } from "../src/model/progress-event.ts";

const [verb, ...rest] = process.argv.slice(2);
const option = (name: string, fallback: string) =>
  rest.includes(`--${name}`) ? (rest[rest.indexOf(`--${name}`) + 1] ?? fallback) : fallback;
const words = rest.filter((word, index) => !word.startsWith("--") && !(rest[index - 1] ?? "").startsWith("--"));
const name = option("name", "dev");
const lab = new NspawnLab({ paths: labPathsFrom(process.env), toolsDir: fileURLToPath(new URL("../tools", import.meta.url)) });
const start = performance.now();
const report = (event: ProgressEvent) => {
  const count = event.kind === "count" ? ` ${String(event.done)}/${String(event.total)}` : "";
  console.error(`[${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s] ${event.text}${count}`);
};
if (verb === "up") {
  const { status, phases } = await lab.up(
    {
      name,
      versions: { kubernetes: option("kubernetes", "1.34"), etcd: option("etcd", "3.6") },
      controlPlanes: Number(option("control-planes", "3")) as 1 | 3 | 5,
      workers: Number(option("workers", "0")),
      etcdMachines: Number(option("etcd-machines", "0")) as 0 | 3,
      spares: Number(option("spares", "0")),
      load: { seed: 1, objects: Number(option("objects", "300")) },
    },
    { report },
  );
  for (const phase of phases) console.log(`${(phase.durationMs / 1000).toFixed(1).padStart(7)} s  ${phase.name}`);
  console.log(JSON.stringify(status, null, 1));
} else if (verb === "down") await lab.down(name, { report });
else if (verb === "status") for (const one of await lab.list()) console.log(JSON.stringify(await lab.status(one), null, 1));
else if (verb === "break") {
  const settings = Object.fromEntries(
    rest.flatMap((word, index) => (rest[index - 1] === "--set" ? [word.split("=", 2) as [string, string]] : [])),
  );
  await lab.inject(name, { kind: words[0] ?? "", ...(words[1] === undefined ? {} : { machine: words[1] }), settings }, { report });
} else if (verb === "heal") {
  console.log(
    await lab.heal(
      name,
      { ...(words[0] === undefined ? {} : { fault: words[0] }), ...(words[1] === undefined ? {} : { machine: words[1] }) },
      { report },
    ),
  );
} else {
  console.error("usage: lab.ts up|down|status|break FAULT MACHINE [--set K=V]|heal [FAULT] [MACHINE] [--name NAME] …");
  process.exitCode = 2;
}
