import type { ClusterConfig } from "../model/cluster-config.ts";
import { errorCatalogue, errorCodes } from "../model/error-catalogue.ts";
import { asHostName } from "../model/ids.ts";
import type { ReportProgress } from "../model/progress-event.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { HostAccess } from "../ports/host-access.ts";
import { configOfDraft, writeConfigText, type ConfigDraft } from "../schemas/config-draft.ts";
import { discoverMachine } from "./init-discovery.ts";
import { mergeDiscovery, type Visited } from "./init-merge.ts";

export interface InitResult {
  /** requorum.yaml; each fact with its source, nothing secret. */
  readonly text: string;
  readonly config: ClusterConfig;
  /** Machines that could not be asked, with the error's code. Empty: everything was seen. */
  readonly notReached: readonly { readonly host: string; readonly code: string; readonly detail: string }[];
  readonly notes: readonly string[];
}

/**
 * Finds out how the cluster is built and writes it down. Changes nothing on
 * any machine. Machines that are down do not stop it: they are noted.
 *
 * `draft` comes from draftFromHosts, draftFromAnsible or draftFromKubeconfig;
 * `openHosts` makes the access to the draft's machines (the caller closes it).
 * CONFIG_INVALID when what was found contradicts itself (two names of one
 * address), FACTS_INCOMPLETE when there is no machine at all, and when none
 * could be asked, unless `mayGuess`: then the file holds what was named alone.
 */
export async function initCluster(request: {
  readonly draft: ConfigDraft;
  readonly openHosts: (config: ClusterConfig) => HostAccess;
  /** Path of the file to be written: in errors, and for relative paths in it. */
  readonly path: string;
  readonly madeBy: string;
  readonly mayGuess?: boolean;
  readonly signal?: AbortSignal;
  readonly report: ReportProgress;
}): Promise<InitResult> {
  const { draft, path, report, signal } = request;
  if (draft.hosts.length === 0) {
    throw new RecoveryError("FACTS_INCOMPLETE", {
      subject: "the cluster's machines",
      detail: draft.notes[0] ?? "no machine is named",
      remedies: [{ why: "name the machines", command: "requorum init --host cp1 --host cp2 --host cp3" }],
    });
  }
  const hostAccess = request.openHosts(seedConfig(draft, path));
  let done = 0;
  const visits = await Promise.all(
    draft.hosts.map(async (host): Promise<Visited> => {
      const found = await visit(hostAccess, host.name, signal);
      done += 1;
      report({ kind: "count", text: `asked ${host.name}`, done, total: draft.hosts.length });
      return { host, found };
    }),
  );
  if (request.mayGuess !== true) assertAnyReached(visits);
  const merged = mergeDiscovery(draft, visits);
  return {
    text: writeConfigText(merged, request.madeBy),
    config: configOfDraft(merged, path),
    notReached: visits.flatMap(({ host, found }) =>
      found.kind === "not-reached" ? [{ host: host.name, code: found.code, detail: found.detail }] : [],
    ),
    notes: [...merged.notes, ...merged.hosts.flatMap((host) => host.notes)],
  };
}

/** A file about machines that nobody saw is likelier a misspelt name or a missing login than a configuration. */
function assertAnyReached(visits: readonly Visited[]): void {
  const gaps = visits.flatMap(({ host, found }) => (found.kind === "not-reached" ? [{ host: host.name, ...found }] : []));
  if (gaps.length < visits.length) return;
  const codes = errorCodes.filter((code) => gaps.some((gap) => gap.code === code));
  throw new RecoveryError("FACTS_INCOMPLETE", {
    subject: "the cluster's machines",
    detail: `none could be asked, so nothing was written: ${gaps.map((gap) => `${gap.host}: ${gap.detail} [${gap.code}]`).join("; ")}`,
    remedies: [
      { why: "check the names and the login: ssh HOST must work without a question" },
      ...codes.flatMap((code) => errorCatalogue[code].remedies ?? []),
      { why: "or, where all of them are down, write what you named and nothing more: the same command with --force" },
    ],
  });
}

/** Enough of a configuration to log in with: the draft as it stands, roles and endpoint aside. */
function seedConfig(draft: ConfigDraft, path: string): ClusterConfig {
  const hosts = draft.hosts.map((host) => ({ ...host, roles: { value: ["control-plane" as const], source: "" } }));
  const login: ConfigDraft = {
    cluster: draft.cluster,
    hosts,
    notes: [],
    ...(draft.sshConfigFile === undefined ? {} : { sshConfigFile: draft.sshConfigFile }),
  };
  return configOfDraft(login, path);
}

async function visit(hostAccess: HostAccess, name: string, signal: AbortSignal | undefined): Promise<Visited["found"]> {
  try {
    return { kind: "machine", machine: await discoverMachine(hostAccess, asHostName(name), signal) };
  } catch (error) {
    // An interrupted call and a bug stop everything; a machine that is down is a fact like others.
    if (
      !(error instanceof RecoveryError) ||
      error.code === "INTERRUPTED" ||
      error.code === "SSH_CLIENT_MISSING" ||
      error.code === "CONFIG_INVALID"
    )
      throw error;
    return { kind: "not-reached", code: error.code, detail: error.detail };
  }
}
