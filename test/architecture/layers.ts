/**
 * The import rule, as data: the one place. ESLint and the architecture test
 * read it. A folder imports only itself and what its row names.
 */
export interface Layer {
  /** Folder below src/, or a file of src/. */
  readonly folder: string;
  readonly mayImport: readonly string[];
  /** Names of packages allowed; "node:" stands for Node's own modules. */
  readonly packages: readonly string[];
  /** The sentence that a breach is reported with. */
  readonly rule: string;
}

const pure = "is pure: values in, values out";

export const layers: readonly Layer[] = [
  { folder: "model", mayImport: [], packages: [], rule: `model imports nothing; it ${pure}` },
  {
    folder: "formats",
    mayImport: ["model"],
    packages: ["yaml"],
    rule: `formats imports only model; it ${pure} and reads bytes from a ByteSource that it declares`,
  },
  { folder: "diagnose", mayImport: ["model"], packages: [], rule: `diagnose imports only model; it ${pure}` },
  {
    folder: "plan/check",
    mayImport: ["model", "plan/steps"],
    packages: [],
    rule: "plan/check must not import plan/strategies: the checker shares no code with the planner",
  },
  { folder: "plan", mayImport: ["model"], packages: [], rule: `plan imports only model; it ${pure}` },
  { folder: "render", mayImport: ["model"], packages: [], rule: `render imports only model; it ${pure}` },
  {
    folder: "ports",
    mayImport: ["model", "formats"],
    packages: [],
    rule: "ports are interfaces: they import only types of model and formats",
  },
  {
    folder: "probe",
    mayImport: ["model", "formats", "ports"],
    packages: ["yaml"],
    rule: "probe asks ports and fills an inventory; it knows no rules, strategies or execution",
  },
  { folder: "catalogue", mayImport: ["model", "formats", "ports"], packages: [], rule: "catalogue knows backups through ports only" },
  {
    folder: "execute",
    mayImport: ["model", "formats", "plan/steps", "ports"],
    packages: ["yaml"],
    rule: "execute imports model, formats, plan/steps and ports: it never chooses, so it must not know strategies, adapters or screens",
  },
  {
    folder: "rehearse",
    mayImport: ["model", "plan", "diagnose", "probe", "execute", "ports"],
    packages: [],
    rule: "rehearse uses the real planner and executor through ports; it must not know adapters",
  },
  {
    folder: "schemas",
    mayImport: ["model"],
    packages: ["zod", "yaml"],
    rule: "schemas turns untrusted text into model types; it knows zod and model only",
  },
  {
    folder: "app",
    mayImport: ["model", "formats", "diagnose", "plan", "ports", "probe", "catalogue", "execute", "rehearse", "schemas"],
    packages: ["yaml"],
    rule: "app is use cases through ports: no adapters, no argv, no HTTP, no rendering",
  },
  {
    folder: "adapters",
    mayImport: ["model", "formats", "ports", "schemas"],
    packages: ["node:", "*"],
    rule: "adapters import model, formats, ports and schemas, and never each other",
  },
  {
    folder: "cli",
    mayImport: ["*"],
    packages: ["node:", "*"],
    rule: "cli wires everything except the server; it holds no rules of recovery",
  },
  { folder: "server", mayImport: ["*"], packages: ["node:", "*"], rule: "server wires everything except the cli" },
  { folder: "index.ts", mayImport: ["*"], packages: [], rule: "index.ts only re-exports" },
];

/** Folders that may use Node, the network, the clock, randomness and the process. */
export const outsideFolders: readonly string[] = ["adapters", "cli", "server"];

/** Globals that are banned elsewhere. */
export const bannedGlobals: readonly string[] = [
  "process",
  "console",
  "Buffer",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "performance",
  "crypto",
];

/** Tables and generated files that may be longer than 400 lines, each with its reason. */
export const longFiles: readonly { readonly path: string; readonly because: string }[] = [];

export const forbiddenFileNames: readonly string[] = ["utils", "helpers", "common", "manager", "misc"];
