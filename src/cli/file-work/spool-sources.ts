import { fetchRemoteSource } from "../../app/files/fetch-remote-source.ts";
import { fetchLiveSource } from "../../app/files/live-source.ts";
import type { LiveSource } from "../../app/files/parse-live-source.ts";
import type { RemoteSource } from "../../app/files/remote-source.ts";
import { LocalFileSpool } from "../../adapters/local-fs/local-file-spool.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import type { HostName } from "../../model/ids.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SpoolDirectory } from "../../ports/file-spool.ts";
import type { HostAccess } from "../../ports/host-access.ts";
import type { CliContext } from "../cli-context.ts";
import { ProgressDisplay } from "../terminal/progress-display.ts";
import { openUnconfiguredHost, type OpenCluster } from "../wiring.ts";
import { carriedExpected } from "./carried-error.ts";
import type { CarriedSpooled } from "./file-messages.ts";

export type SpoolingCli = Pick<CliContext, "terminal" | "signal" | "directories" | "openCluster">;

/** The part of `withSpooledSources` for sources that lie elsewhere. */
export async function spoolSources<Result>(
  cli: SpoolingCli,
  elsewhere: readonly (RemoteSource | LiveSource)[],
  options: { readonly goesOn: boolean },
  work: (spooled: readonly CarriedSpooled[]) => Promise<Result>,
): Promise<Result> {
  const spool = await new LocalFileSpool({ cacheDirectory: cli.directories.cache }).open();
  try {
    const display = new ProgressDisplay(cli.terminal, { isQuiet: false });
    const hosts = new SourceHosts(cli, { spool, report: display.report });
    const spooled: CarriedSpooled[] = [];
    try {
      for (const [index, source] of elsewhere.entries()) {
        const fetch = await hosts.wayTo(source);
        try {
          const path = await fetch(String(index));
          spooled.push({ name: source.name, path });
          // What lies beside the database of a data dir has a name there, too.
          const [inside = ""] = /\/snap\/db$/.exec(path) ?? [];
          const name = source.name.replace(/\/+$/, "");
          if (inside !== "") spooled.push({ name: name.slice(0, -inside.length), path: path.slice(0, -inside.length) });
        } catch (error) {
          cli.signal.throwIfAborted();
          if (!options.goesOn || !(error instanceof RecoveryError)) throw error;
          spooled.push({ name: source.name, error: carriedExpected(error) });
        }
      }
    } finally {
      display.stop();
      await hosts.close();
    }
    return await work(spooled);
  } finally {
    await spool.remove();
  }
}

interface Fetching {
  readonly spool: SpoolDirectory;
  readonly report: ReportProgress;
}

/** The machines of the configuration, and others by user and name. */
class SourceHosts {
  private readonly cli: SpoolingCli;
  private readonly fetching: Fetching;
  private readonly unconfigured: HostAccess[] = [];
  private cluster: OpenCluster | undefined;

  constructor(cli: SpoolingCli, fetching: Fetching) {
    this.cli = cli;
    this.fetching = fetching;
  }

  /** What copies the source to a name in the spool. Throws what is wrong with the call, before anything is copied. */
  async wayTo(source: RemoteSource | LiveSource): Promise<(into: string) => Promise<string>> {
    const context = { ...this.fetching, hashing: new NodeHashing(), signal: this.cli.signal };
    if ("path" in source) {
      const { access, host } = await this.of(source);
      return (into) => fetchRemoteSource({ ...context, access, host }, source, into);
    }
    this.cluster ??= await this.cli.openCluster();
    const { config, ports } = this.cluster;
    return (into) => fetchLiveSource({ ...context, config, etcd: ports.etcd, clock: ports.clock }, source, into);
  }

  private async of(source: RemoteSource): Promise<{ readonly access: HostAccess; readonly host: HostName }> {
    const configured = source.user === undefined && source.port === undefined ? await this.configured(source) : undefined;
    if (configured !== undefined) return configured;
    const opened = openUnconfiguredHost({ address: source.host, user: source.user, port: source.port });
    this.unconfigured.push(opened.access);
    return opened;
  }

  async close(): Promise<void> {
    await Promise.all([this.cluster?.close(), ...this.unconfigured.map((access) => access.close())]);
  }

  /** undefined: there is no configuration at all, and `ssh` may know the machine. */
  private async configured(source: RemoteSource): Promise<{ readonly access: HostAccess; readonly host: HostName } | undefined> {
    try {
      this.cluster ??= await this.cli.openCluster();
    } catch (error) {
      if (error instanceof RecoveryError && error.code === "CONFIG_NOT_FOUND") return undefined;
      throw error;
    }
    const { config, configFile, ports } = this.cluster;
    const host = config.hosts.find(({ name }) => name === source.host);
    if (host !== undefined) return { access: ports.hostAccess, host: host.name };
    throw new RecoveryError("USAGE", {
      subject: `source ${source.name}`,
      detail: `${configFile} has no host ${source.host}, but ${config.hosts.map(({ name }) => name).join(", ")}; for any other machine write ssh://USER@${source.host}${source.path}`,
    });
  }
}
