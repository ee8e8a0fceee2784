import type { ClusterConfig, HostConfig } from "../model/cluster-config.ts";
import type { HostName } from "../model/ids.ts";
import type { EndpointFacts, HostFacts } from "../model/inventory.ts";
import { notKnown, type Observation, type Provenance } from "../model/observation.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { CertificateReader } from "../ports/certificates.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { HostAccess, RemoteResult } from "../ports/host-access.ts";
import { hostScript, type HostSection } from "./host-script.ts";
import { memberAlias, type MemberAddress } from "./member-addresses.ts";
import { observe, understood, type RoundClock } from "./observe.ts";
import { parseCertificates } from "./parse-certificates.ts";
import { parseDataDir } from "./parse-data-dir.ts";
import { parseArpMacs, parseEndpointAnswer } from "./parse-endpoint.ts";
import { malformed, parseHostAnswer, type HostAnswer } from "./parse-host-answer.ts";
import { parseKubernetesFiles, parseKubernetesFilesAge } from "./parse-kubernetes-files.ts";
import { parseLoadBalancer } from "./parse-load-balancer.ts";
import { clockOffsetMs, parseAddresses, parseMachine } from "./parse-machine.ts";
import { parseMesh, type MeshFacts } from "./parse-mesh.ts";
import { parseProcesses } from "./parse-processes.ts";
import { parseOtherEtcdUnits, parseServices } from "./parse-services.ts";
import { parseStaticPods, type ReadManifests } from "./parse-static-pods.ts";

export interface HostPorts {
  readonly hostAccess: HostAccess;
  readonly hashing: Hashing;
  readonly certificates: CertificateReader;
}

export interface HostLimits {
  readonly depth: "status" | "full";
  readonly connectMs: number;
  /** The script ends by itself within this. */
  readonly scriptMs: number;
  /** TCP connects from machine to machine. */
  readonly meshMs: number;
  /** HTTPS through the control-plane endpoint. */
  readonly endpointMs: number;
}

/** What one machine said by SSH: its own facts, and what it sees of the others and of the endpoint. */
export interface HostReport {
  readonly facts: Omit<HostFacts, "etcd" | "apiServer">;
  readonly mesh: MeshFacts | undefined;
  readonly endpointOutcome: EndpointFacts["answers"][number]["outcome"] | undefined;
  readonly arpMacs: readonly string[];
}

export interface Exchange {
  readonly nonce: string;
  readonly result: RemoteResult;
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

/** Output beyond this is refused by the transport: all sections at their largest still fit. */
const outputBytesMax = 16 * 1024 * 1024;

/** What the script of one machine needs to know. */
export interface HostAsked {
  readonly host: HostConfig;
  readonly config: ClusterConfig;
  readonly memberAddresses: readonly MemberAddress[];
  readonly endpoint: { readonly address: string; readonly port: number } | undefined;
  readonly limits: HostLimits;
}

/** A machine that is being asked, in one session. */
export interface HostQuestion {
  /** Milliseconds of one round trip, as soon as the machine's shell has answered. Rejects when it cannot be reached. */
  readonly roundTrip: Promise<number>;
  readonly exchange: Promise<Exchange>;
}

export function askHost(round: RoundClock, ports: HostPorts, asked: HostAsked): HostQuestion {
  const roundTrip = Promise.withResolvers<number>();
  const exchange = runScript(round, ports, asked, roundTrip.resolve);
  // Of no effect where the round trip is known already.
  exchange.then(() => roundTrip.reject(new Error("the script ended before the machine had answered")), roundTrip.reject);
  return { roundTrip: roundTrip.promise, exchange };
}

/** The reading of one machine's answer. A machine that cannot be reached is known as soon as its round trip fails. Never rejects. */
export async function probeHost(
  round: RoundClock,
  ports: HostPorts,
  asked: HostAsked & { readonly question: HostQuestion; readonly readManifests: ReadManifests },
): Promise<HostReport> {
  const { host, config, limits } = asked;
  const source = (probe: string): string => `${probe} ${host.name} ssh`;
  let sshErrorCode: string | undefined;
  const scripted = observe(round, { source: source("script"), limitMs: sessionMs(limits) }, () => asked.question.exchange);
  const pinged = observe(round, { source: source("PB1"), limitMs: limits.connectMs }, async () => {
    try {
      return { roundTripMs: await asked.question.roundTrip };
    } catch (error) {
      if (error instanceof RecoveryError) sshErrorCode = error.code;
      throw error;
    }
  });
  const [ssh, exchange] = await settleHost(pinged, scripted);
  if (ssh.kind === "unknown") return silentHost(host.name, ssh, sshErrorCode ?? "SSH_UNREACHABLE");
  if (exchange.kind === "unknown")
    return { ...silentHost(host.name, exchange, undefined), facts: { ...silentHost(host.name, exchange, undefined).facts, ssh } };
  const answer = parseHostAnswer(exchange.value.result.stdout, exchange.value.nonce);
  const reading = new Reading(answer, exchange, source);
  const certificates = reading.section("PB10", "certificates", (text) => parseCertificates(text, ports.certificates));
  const filesAge = reading.section("files", "files", parseKubernetesFilesAge);
  const otherEtcdUnits = reading.section("services", "services", parseOtherEtcdUnits);
  const mesh = reading.mesh({
    self: host.name,
    peers: config.hosts.filter((other) => other.name !== host.name).map((other) => other.name),
    members: asked.memberAddresses.length,
  });
  return {
    facts: {
      name: host.name,
      ssh,
      machine: reading.machine(),
      services: reading.section("services", "services", parseServices),
      ...(otherEtcdUnits.kind === "known" && otherEtcdUnits.value.length > 0 ? { otherEtcdUnits: otherEtcdUnits.value } : {}),
      processes: reading.section("processes", "processes", parseProcesses),
      etcdDataDir: reading.dataDir(config.paths.etcdDataDir),
      manifests: reading.section("PB9", "manifests", (text) => parseStaticPods(text, asked.readManifests)),
      kubernetesFiles: reading.section("files", "files", parseKubernetesFiles),
      ...(filesAge.kind === "known" && filesAge.value !== undefined ? { kubernetesFilesAgeSeconds: filesAge.value } : {}),
      certificates: certificates.kind === "known" ? { ...certificates, value: certificates.value.certificates } : certificates,
      ...(certificates.kind === "known" && certificates.value.unreadable.length > 0
        ? { unreadableCertificates: certificates.value.unreadable }
        : {}),
      loadBalancer: reading.loadBalancer(asked.endpoint?.address),
    },
    mesh,
    endpointOutcome: parseEndpointAnswer(textOf(answer, "vip"), mesh?.endpoint ?? "unknown"),
    arpMacs: parseArpMacs(textOf(answer, "arp")),
  };
}

/** Waits for the script only where the machine was reached: a ping that failed is the whole answer. */
async function settleHost(
  pinged: Promise<HostFacts["ssh"]>,
  scripted: Promise<Observation<Exchange>>,
): Promise<readonly [HostFacts["ssh"], Observation<Exchange>]> {
  const ssh = await pinged;
  return ssh.kind === "unknown" ? [ssh, ssh] : [ssh, await scripted];
}

/** A login may take its whole time, as machines in trouble do, and the script its own after that; a second for what goes over the wire. */
function sessionMs(limits: HostLimits): number {
  return limits.connectMs + limits.scriptMs + 1000;
}

async function runScript(
  round: RoundClock,
  { hostAccess, hashing }: HostPorts,
  { host, config, endpoint, limits, memberAddresses }: HostAsked,
  onRoundTrip: (milliseconds: number) => void,
): Promise<Exchange> {
  const limitMs = Math.min(sessionMs(limits), round.remainingMs());
  const nonce = hashing.randomHex(8);
  // The script must end before the transport gives up, or a whole answer is lost for one slow section.
  const scriptMs = Math.max(100, Math.min(limits.scriptMs, limitMs - 300));
  const args = [
    nonce,
    String(Math.floor(scriptMs / 10)),
    limits.depth,
    config.paths.etcdDataDir,
    config.paths.manifestsDir,
    config.paths.pkiDir,
    endpoint?.address ?? "-",
    String(endpoint?.port ?? 0),
    endpoint === undefined ? "-" : urlHost(endpoint.address),
    seconds(Math.min(limits.meshMs, scriptMs - 50)),
    seconds(Math.min(limits.endpointMs, scriptMs - 50)),
    ...config.hosts.map((other) => `${other.name}=${other.address}=${String(other.sshPort ?? 22)}`),
    ...memberAddresses.map(({ address, port }, index) => `${memberAlias(index)}=${address}=${String(port)}`),
  ];
  let sentAtMs = round.clock.nowMs();
  const result = await hostAccess.run(host.name, {
    reason: "read the machine's facts",
    script: hostScript,
    args,
    timeoutMs: limitMs,
    outputBytesMax,
    changesThings: false,
    signal: round.signal,
    onRoundTrip: (milliseconds) => {
      // The login before it says nothing of the machine's clock.
      sentAtMs = round.clock.nowMs() - milliseconds;
      onRoundTrip(milliseconds);
    },
  });
  return { nonce, result, sentAtMs, receivedAtMs: round.clock.nowMs() };
}

function seconds(milliseconds: number): string {
  return (Math.max(50, milliseconds) / 1000).toFixed(2);
}

function urlHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function textOf(answer: HostAnswer, name: HostSection): string {
  return answer.get(name)?.text ?? "";
}

/** Reads one machine's answer, each section by itself. */
class Reading {
  readonly #answer: HostAnswer;
  readonly #exchange: Exchange;
  readonly #provenance: (probe: string) => Provenance;

  constructor(answer: HostAnswer, exchange: { readonly value: Exchange; readonly observedAt: string }, source: (probe: string) => string) {
    this.#answer = answer;
    this.#exchange = exchange.value;
    this.#provenance = (probe) => ({ observedAt: exchange.observedAt, source: source(probe) });
  }

  section<T>(probe: string, name: HostSection, parse: (text: string) => T): Observation<T> {
    return this.#gap(probe, name) ?? understood(this.#provenance(probe), () => parse(textOf(this.#answer, name)));
  }

  machine(): HostFacts["machine"] {
    const gap = this.#gap<never>("machine", "machine") ?? this.#gap<never>("machine", "addresses");
    if (gap !== undefined) return gap;
    const versions = this.#answer.get("versions");
    return understood(this.#provenance("machine"), () =>
      parseMachine(
        {
          machine: textOf(this.#answer, "machine"),
          addresses: textOf(this.#answer, "addresses"),
          versions: versions?.kind === "ended" ? versions.text : undefined,
        },
        this.#clockOffsetMs(),
      ),
    );
  }

  dataDir(path: string): HostFacts["etcdDataDir"] {
    const [fsync, kernel] = [this.#answer.get("fsync"), this.#answer.get("kernel")];
    return this.section("PB7", "datadir", (datadir) =>
      parseDataDir(path, {
        datadir,
        fsync: fsync?.text,
        fsyncWasCut: fsync?.kind === "cut",
        kernel: kernel?.kind === "ended" && kernel.exitCode === 0 ? kernel.text : undefined,
      }),
    );
  }

  loadBalancer(virtualAddress: string | undefined): HostFacts["loadBalancer"] {
    const gap = this.#gap<never>("PB13", "addresses");
    if (gap !== undefined) return gap;
    const holdsVip = virtualAddress !== undefined && parseAddresses(textOf(this.#answer, "addresses")).includes(virtualAddress);
    return this.section("PB13", "loadbalancer", (text) => parseLoadBalancer(text, holdsVip));
  }

  mesh(asked: { readonly self: HostName; readonly peers: readonly HostName[]; readonly members: number }): MeshFacts | undefined {
    const section = this.#answer.get("mesh");
    if (section === undefined || section.text.startsWith("unsupported")) return undefined;
    // timeout(1) ends with 124 when it had to cut the connects off.
    return parseMesh(section.text, { ...asked, ranToLimit: section.kind === "cut" || section.exitCode === 124 });
  }

  #clockOffsetMs(): number {
    const { sentAtMs, receivedAtMs } = this.#exchange;
    const [start, end] = [this.#answer.get("clock-start"), this.#answer.get("clock-end")];
    if (start === undefined || end === undefined) throw malformed("clock", "the machine did not report its time");
    return clockOffsetMs({ sentAtMs, receivedAtMs, hostStartNs: start.text, hostEndNs: end.text });
  }

  #gap<T>(probe: string, name: HostSection): Observation<T> | undefined {
    const section = this.#answer.get(name);
    if (section === undefined)
      return notKnown(
        "malformed",
        `the answer has no whole section ${name} (script's exit status ${String(this.#exchange.result.exitCode)})`,
        this.#provenance(probe),
      );
    if (section.kind === "cut") return notKnown("timeout", `${name} did not end within the script's limit`, this.#provenance(probe));
    if (section.exitCode !== 0)
      return notKnown(
        "failed",
        `${name}: exit status ${String(section.exitCode)} ${section.errorText.split("\n")[0] ?? ""}`.trim(),
        this.#provenance(probe),
      );
    return undefined;
  }
}

/** Nothing could be asked: every fact is unknown for the same reason. */
function silentHost(name: HostName, gap: Extract<Observation<unknown>, { kind: "unknown" }>, sshErrorCode: string | undefined): HostReport {
  return {
    facts: {
      name,
      ssh: gap,
      ...(sshErrorCode === undefined ? {} : { sshErrorCode }),
      machine: gap,
      services: gap,
      processes: gap,
      etcdDataDir: gap,
      manifests: gap,
      kubernetesFiles: gap,
      certificates: gap,
      loadBalancer: gap,
    },
    mesh: undefined,
    endpointOutcome: undefined,
    arpMacs: [],
  };
}
