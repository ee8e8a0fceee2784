import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import { lookAtFiles, type SeenFile } from "../../src/execute/observe/look-at-files.ts";
import type { StepContext } from "../../src/execute/step-handler.ts";
import { defaultPaths } from "../../src/model/cluster-config.ts";
import { asBackupSetId, asHostName } from "../../src/model/ids.ts";
import type { RestoredFile } from "../../src/model/restored-file.ts";
import type { StepArgs } from "../../src/model/step.ts";
import type { SetParts } from "../../src/ports/set-parts.ts";
import { RestoringMachines } from "./restoring-machines.ts";

const host = asHostName("cp1");
const set = asBackupSetId("20260301-030000-aaaaaa");
const manifestSha256 = "d".repeat(64);
const hashing = new NodeHashing();
export const tag: SetParts["tag"] = (kind, content) => hashing.sha256Hex(`${kind} ${Buffer.from(content).toString("hex")} key`);

/** One machine, and a set with these files of it. */
export function restoreFilesWorld(context: TestContext, contents: { readonly [path: string]: string }) {
  const directory = mkdtempSync(join(tmpdir(), "requorum-restore-"));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const machines = new RestoringMachines(directory);
  mkdirSync(machines.rootOf("cp1"), { recursive: true });
  const facts: string[] = [];
  const recorded: { readonly name: string; readonly value: string }[] = [];
  const parts: SetParts = {
    manifestSha256,
    parts: [],
    tag,
    read: (_host, path) => Promise.resolve(Buffer.from(contents[path] ?? "")),
  };
  const step = {
    run: "R",
    signal: new AbortController().signal,
    ports: { hostAccess: machines, clock: new SystemClock(), hashing, setParts: { open: () => Promise.resolve(parts) } },
    config: { hosts: [{ name: host, address: "", roles: [] }], paths: defaultPaths },
    plan: { cluster: "c", fingerprint: { members: [] } },
    state: { facts: recorded },
    recordFact: (name: string, value: string) => {
      facts.push(`${name}: ${value}`);
      recorded.push({ name, value });
      return Promise.resolve();
    },
  } as unknown as StepContext;
  const look = (paths: readonly string[]): Promise<readonly SeenFile[]> => lookAtFiles(step, host, { paths, tag });
  return { machines, facts, step, look };
}

export type RestoreFilesWorld = ReturnType<typeof restoreFilesWorld>;

export function becomes(content: string, change: { readonly mode?: number; readonly uid?: number } = {}): RestoredFile["becomes"] {
  return { kind: "file", tag: tag("file", Buffer.from(content)), mode: change.mode ?? 0o600, uid: change.uid ?? 0, gid: change.uid ?? 0 };
}

export async function argsOf(
  world: RestoreFilesWorld,
  wanted: { readonly [path: string]: RestoredFile["becomes"] },
): Promise<StepArgs["host.restoreFiles"]> {
  const seen = await world.look(Object.keys(wanted));
  const files = seen.map(({ path, state }): RestoredFile => ({ path, kind: "load-balancer", was: state!, becomes: wanted[path]! }));
  return { host, set, manifestSha256, directories: [], files, companions: [], authorities: [], accepts: [] };
}
