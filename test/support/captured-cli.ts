/** The CLI in a test: captured streams, a fake terminal, fake ports. No process, no network, no clock. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppPorts } from "../../src/app/app-ports.ts";
import type { CommandSpec } from "../../src/cli/command-spec.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { Terminal, type TextSink } from "../../src/cli/terminal/terminal.ts";
import type { OpenCluster } from "../../src/cli/wiring.ts";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { NodeCertificates } from "../../src/adapters/system/node-certificates.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeHostAccess } from "./fake-host-access.ts";
import { FakeLastSeenStore } from "./fake-last-seen-store.ts";
import { FakeLocalLock } from "./fake-local-lock.ts";
import { FakeRunStore } from "./fake-run-store.ts";

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly config?: ClusterConfig;
  /** What reading the configuration ends with, where `config` is not given. */
  readonly configFailure?: RecoveryError;
  readonly ports?: Partial<AppPorts>;
  readonly isTty?: boolean;
  readonly columns?: number;
  /** What the person types, in order. */
  readonly answers?: readonly string[];
  readonly signal?: AbortSignal;
  readonly noColor?: boolean;
  readonly table?: readonly CommandSpec[];
  readonly graceMs?: number;
  readonly isInterrupted?: () => boolean;
  /** What keeps standard output from being written. */
  readonly outFailure?: RecoveryError;
}

/** One call of the program. `work` is its working directory, removed by the test's own `after`. */
export async function cli(words: readonly string[], options: CliOptions = {}, work = tmpdir()): Promise<CliResult> {
  const out = captured(options);
  const err = captured(options);
  const answers = [...(options.answers ?? [])];
  const code = await runCli({
    words,
    version: "0.1.0",
    ...(options.table === undefined ? {} : { table: options.table }),
    ...(options.isInterrupted === undefined ? {} : { isInterrupted: options.isInterrupted }),
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
    makeTerminal: ({ noColor }) =>
      new Terminal({
        out: options.outFailure === undefined ? out.sink : { ...out.sink, settled: () => Promise.resolve(options.outFailure) },
        err: err.sink,
        canAsk: options.isTty === true,
        noColor: noColor || options.noColor === true,
        readAnswer: (question) => {
          err.sink.write(question);
          return Promise.resolve(answers.shift() ?? "");
        },
      }),
    makeContext: (terminal, global) =>
      Promise.resolve({
        terminal,
        global,
        directories: { work, config: join(work, "config"), state: join(work, "state"), cache: join(work, "cache") },
        configFromEnvironment: undefined,
        operator: "operator@console",
        program: "requorum 0.1.0",
        signal: options.signal ?? new AbortController().signal,
        openCluster: () =>
          options.config === undefined
            ? Promise.reject(
                options.configFailure ??
                  new RecoveryError("CONFIG_NOT_FOUND", { subject: "requorum.yaml", detail: "looked for it in the test" }),
              )
            : Promise.resolve(fakeCluster(options.config, options.ports)),
      }),
    saveBug: () => Promise.resolve("/fake/bug.txt"),
  });
  return { code, out: out.text(), err: err.text() };
}

/** A directory for one test file; `remove` takes it away. */
export function workDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "requorum-cli-"));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function captured(options: CliOptions): { readonly sink: TextSink; text(): string } {
  const texts: string[] = [];
  return {
    sink: { isTty: options.isTty === true, columns: options.columns ?? 120, rows: 50, write: (text) => texts.push(text) },
    text: () => texts.join(""),
  };
}

/** Ports that reach nobody, unless given: every machine is silent. */
function fakeCluster(config: ClusterConfig, ports: Partial<AppPorts> | undefined): OpenCluster {
  const hostAccess = new FakeHostAccess();
  for (const host of config.hosts)
    hostAccess.failWith(host.name, () => new RecoveryError("SSH_UNREACHABLE", { subject: `host ${host.name}`, detail: "no answer" }));
  const unreachable = (code: "ETCD_UNREACHABLE" | "KUBE_API_UNREACHABLE") => ({
    dial: (host: string) => Promise.reject(new RecoveryError(code, { subject: `host ${host}`, detail: "no answer" })),
    close: () => Promise.resolve(),
  });
  return {
    config,
    configFile: "/fake/requorum.yaml",
    ports: {
      hostAccess,
      etcd: unreachable("ETCD_UNREACHABLE"),
      kube: unreachable("KUBE_API_UNREACHABLE"),
      certificates: new NodeCertificates(),
      runs: new FakeRunStore(),
      localLock: new FakeLocalLock(),
      lastSeen: new FakeLastSeenStore(),
      clock: new FakeClock(),
      hashing: new NodeHashing(),
      ...ports,
    },
    close: () => Promise.resolve(),
  };
}
