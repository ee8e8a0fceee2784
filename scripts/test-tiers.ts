/** The tiers of tests, in the order in which `npm test` runs them. */
import { missingForApi, missingForContracts, missingForEtcd, missingForLab } from "./test-prerequisites.ts";

export interface Tier {
  readonly name: string;
  readonly describes: string;
  readonly folders: readonly string[];
  readonly fileForm: RegExp;
  readonly concurrency: number;
  /** Files that share a process: each process loads the same modules again. 30 take a third of the time of a process each, 70 a tenth less than 30. Absent: a process for each file. */
  readonly filesPerProcess?: number;
  readonly testTimeoutMs: number;
  /** One line for each passed test. */
  readonly isSlow: boolean;
  /** Pass on what the tests print (progress of the lab). */
  readonly showOutput: boolean;
  /** What keeps this tier from running here; tries to install it first. */
  missing(options: { readonly isCi: boolean }): Promise<readonly string[]>;
}

const nothingMissing = (): Promise<readonly string[]> => Promise.resolve([]);

const quick = { concurrency: 2, testTimeoutMs: 60_000, isSlow: false, showOutput: false, missing: nothingMissing } as const;

export const tiers: readonly Tier[] = [
  {
    ...quick,
    filesPerProcess: 70,
    name: "unit",
    describes: "one thing at a time, no network, no real clock",
    folders: ["src"],
    fileForm: /(?<!\.shell)\.test\.ts$/,
  },
  {
    ...quick,
    filesPerProcess: 70,
    name: "architecture",
    describes: "import rule, names, docs against code",
    folders: ["test/architecture"],
    fileForm: /\.test\.ts$/,
  },
  {
    ...quick,
    filesPerProcess: 70,
    name: "scenarios",
    describes: "inventory to findings to plan, as transcripts",
    folders: ["test/scenarios"],
    fileForm: /\.test\.ts$/,
  },
  {
    ...quick,
    name: "program",
    describes: "the program as a process: pipes, signals, exit codes; verbs that read files in a thread of their own",
    folders: ["test/program"],
    fileForm: /\.test\.ts$/,
  },
  {
    ...quick,
    name: "shell",
    describes: "what machines run, in real shells",
    folders: ["src"],
    fileForm: /\.shell\.test\.ts$/,
  },
  {
    ...quick,
    name: "contracts",
    describes: "one suite per port, on the fake and on the real thing",
    folders: ["test/contracts"],
    fileForm: /\.test\.ts$/,
    testTimeoutMs: 300_000,
    missing: missingForContracts,
  },
  {
    ...quick,
    name: "crash",
    describes: "the executor stopped around every journal event, then resumed",
    folders: ["test/crash"],
    fileForm: /\.test\.ts$/,
    testTimeoutMs: 300_000,
  },
  {
    ...quick,
    name: "regressions",
    describes: "defects that were found, each shown to be gone",
    folders: ["test/regressions"],
    fileForm: /\.test\.ts$/,
    testTimeoutMs: 300_000,
  },
  {
    ...quick,
    name: "fuzz",
    describes: "random gaps, journals and plans; seeds kept",
    folders: ["test/fuzz"],
    fileForm: /\.test\.ts$/,
    testTimeoutMs: 300_000,
  },
  {
    ...quick,
    name: "package",
    describes: "the npm package, packed, installed elsewhere and used as documented",
    folders: ["test/package"],
    fileForm: /\.test\.ts$/,
    testTimeoutMs: 300_000,
  },
  {
    ...quick,
    name: "etcd",
    describes: "real etcd processes on loopback",
    folders: ["test/etcd"],
    fileForm: /\.test\.ts$/,
    testTimeoutMs: 600_000,
    isSlow: true,
    concurrency: 1,
    missing: missingForEtcd,
  },
  {
    ...quick,
    name: "api",
    describes: "a real kube-apiserver on loopback, from a backup set",
    folders: ["test/api"],
    fileForm: /\.test\.ts$/,
    testTimeoutMs: 600_000,
    isSlow: true,
    concurrency: 1,
    missing: missingForApi,
  },
  {
    ...quick,
    name: "lab",
    describes: "real machines, a real kubeadm cluster, whole recoveries",
    folders: ["test/lab"],
    fileForm: /\.lab\.test\.ts$/,
    testTimeoutMs: 1_800_000,
    isSlow: true,
    showOutput: true,
    concurrency: 1,
    missing: missingForLab,
  },
];
