import { RecoveryError } from "../../../model/recovery-error.ts";
import { namespacePath } from "../network/lab-network.ts";
import { portOfMachine } from "../network/machine-port.ts";
import { runProgram } from "../run-program.ts";
import { faultTimeoutMs, type Fault, type FaultContext } from "./fault.ts";

const modes = {
  full: "from the other machines and from the operator (default)",
  peers: "from the other machines; the operator still reaches it",
  operator: "from the operator only; the other machines reach it",
  in: "one way: what the other machines send does not arrive",
  out: "one way: what it sends does not arrive at the other machines",
} as const;
type Mode = keyof typeof modes;

/** Drops frames at the machine's port of the lab's bridge: nothing on the machine changes, and a reboot does not help. */
export const partitionFault: Fault = {
  kind: "partition",
  summary: "cuts a machine off the network; healing joins it again",
  settings: {
    mode: Object.entries(modes)
      .map(([name, meaning]) => `${name}: ${meaning}`)
      .join("; "),
  },
  async inject(context) {
    const mode = context.settings["mode"] ?? "full";
    if (!isMode(mode))
      throw new RecoveryError("USAGE", { subject: `partition mode ${mode}`, detail: `partition knows ${Object.keys(modes).join(", ")}` });
    const port = await portOfMachine(context.state.name, context.machine);
    await nft(context, renderPartition(tableName(context), port, mode));
    return { port, mode };
  },
  async heal(context) {
    await nft(context, `table bridge ${tableName(context)}\ndelete table bridge ${tableName(context)}\n`);
  },
};

function isMode(mode: string): mode is Mode {
  return mode in modes;
}

function tableName(context: FaultContext): string {
  return `partition_${context.machine.name.replaceAll("-", "_")}`;
}

/** nft(8), bridge family: `forward` sees frames between machines; `input` and `output` see the operator's, who sits on the bridge itself. */
export function renderPartition(table: string, port: string, mode: Mode): string {
  const peers: { readonly [M in Mode]: readonly string[] } = {
    full: ["iifname", "oifname"],
    peers: ["iifname", "oifname"],
    operator: [],
    in: ["oifname"],
    out: ["iifname"],
  };
  const cutsOperator = mode === "full" || mode === "operator";
  const chain = (hook: string, rules: readonly string[]) =>
    `  chain ${hook} {\n    type filter hook ${hook} priority 0; policy accept;\n${rules.map((rule) => `    ${rule} drop\n`).join("")}  }\n`;
  return `table bridge ${table}
delete table bridge ${table}
table bridge ${table} {
${chain(
  "forward",
  peers[mode].map((direction) => `${direction} "${port}"`),
)}${chain("input", cutsOperator ? [`iifname "${port}"`] : [])}${chain("output", cutsOperator ? [`oifname "${port}"`] : [])}}
`;
}

/** The base image's nft, so that the host needs none. */
async function nft(context: FaultContext, rules: string): Promise<void> {
  await runProgram({
    reason: `packet filter of lab ${context.state.name}`,
    program: "nsenter",
    args: [`--net=${namespacePath(context.state.name)}`, "chroot", context.state.sources.baseImage, "nft", "-f", "-"],
    stdin: rules,
    timeoutMs: faultTimeoutMs,
  });
}
