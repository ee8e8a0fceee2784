import type { HostName } from "../model/ids.ts";
import type { KubernetesRecord, KubernetesRecords } from "../model/inventory.ts";
import { known, notKnown, valueOf, type Observation } from "../model/observation.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { CertificateReader } from "../ports/certificates.ts";
import type { KubeApi, KubeAnswer } from "../ports/kube-api.ts";
import { listOf, parseJson, recordOf, stringAt } from "./json-value.ts";
import { observe, type RoundClock } from "./observe.ts";
import {
  certificateKeySecondsLeft,
  joinTokenSecondsLeft,
  parseClusterInfo,
  parseEndpointAddresses,
  parseEtcdMirrorPod,
  parseKubeadmConfig,
  parseNode,
  parseTokenExpiry,
} from "./parse-kubernetes-objects.ts";
import { expectSuccess } from "./probe-api-server.ts";

/** 500 nodes of 10-20 KiB each are some 10 MiB: within the answer limit, and one page for nearly every cluster. */
const pageSize = 500;
/** 10 000 nodes, twice what Kubernetes supports. */
const pagesMax = 20;

const tokensPath = "/api/v1/namespaces/kube-system/secrets?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken&limit=500";
const etcdPodsPath = "/api/v1/namespaces/kube-system/pods?labelSelector=component%3Detcd&limit=500";

/**
 * PB12 through one API server, all at once. Unknown as a whole when nodes or
 * the kubernetes endpoints cannot be read; whatever else is missing is named
 * in `gaps`. `masterLeases` comes from etcd and is read beside it.
 */
export async function probeKubernetesRecords(
  round: RoundClock,
  via: { readonly host: HostName; readonly api: KubeApi },
  needs: {
    readonly certificates: CertificateReader;
    readonly callMs: number;
    readonly masterLeases: Promise<Observation<readonly string[]>>;
  },
): Promise<Observation<KubernetesRecords>> {
  const source = `PB12 ${via.host} kube-apiserver`;
  const get = async (path: string): Promise<KubeAnswer> =>
    via.api.request({ method: "GET", path, timeoutMs: Math.min(needs.callMs, round.remainingMs()), signal: round.signal });
  const read = async (path: string, what: string): Promise<unknown> => parseJson(expectSuccess(await get(path), what), what);
  const record = <T>(question: () => Promise<T>) => observe(round, { source, limitMs: needs.callMs }, question);

  const tokens = record(async () =>
    listOf(recordOf(await read(tokensPath, "bootstrap tokens"))?.["items"]).map((secret) => parseTokenExpiry(secret, round.clock.nowMs())),
  );
  const [nodes, endpoints, clusterInfo, kubeadmConfig, pods, joinSeconds, keySeconds, masterLeases] = await Promise.all([
    record(async () => (await readPages(read, "/api/v1/nodes", "nodes")).map(parseNode)),
    record(async () =>
      parseEndpointAddresses(await read("/api/v1/namespaces/default/endpoints/kubernetes", "endpoints default/kubernetes")),
    ),
    record(() =>
      orAbsent(get("/api/v1/namespaces/kube-public/configmaps/cluster-info"), "cluster-info", (object) =>
        parseClusterInfo(object, needs.certificates),
      ),
    ),
    record(() => orAbsent(get("/api/v1/namespaces/kube-system/configmaps/kubeadm-config"), "kubeadm-config", parseKubeadmConfig)),
    record(async () => listOf(recordOf(await read(etcdPodsPath, "etcd pods"))?.["items"]).map(parseEtcdMirrorPod)),
    record(async () => joinTokenSecondsLeft(requireValue(await tokens))),
    record(async () => {
      const certs = await get("/api/v1/namespaces/kube-system/secrets/kubeadm-certs");
      const known = requireValue(await tokens);
      return orAbsent(Promise.resolve(certs), "kubeadm-certs", (object) => certificateKeySecondsLeft(object, known));
    }),
    needs.masterLeases,
  ]);
  const provenance = { observedAt: round.clock.nowIso(), source };
  if (nodes.kind === "unknown") return nodes;
  if (endpoints.kind === "unknown") return endpoints;
  const gaps = gapsOf({
    masterLeases,
    clusterInfo,
    kubeadmConfig,
    etcdMirrorPods: pods,
    bootstrapTokenSecondsLeft: joinSeconds,
    certificateKeySecondsLeft: keySeconds,
  });
  return known(
    {
      via: via.host,
      nodes: nodes.value,
      kubernetesEndpoints: endpoints.value,
      masterLeases: valueOf(masterLeases),
      clusterInfo: valueOf(clusterInfo),
      kubeadmConfig: valueOf(kubeadmConfig),
      etcdMirrorPods: valueOf(pods) ?? [],
      bootstrapTokenSecondsLeft: valueOf(joinSeconds),
      certificateKeySecondsLeft: valueOf(keySeconds),
      ...(gaps.length === 0 ? {} : { gaps }),
    },
    provenance,
  );
}

/** When no API server is there to ask. */
export function noKubernetesRecords(round: RoundClock, detail: string): Observation<KubernetesRecords> {
  return notKnown("unreachable", detail, { observedAt: round.clock.nowIso(), source: "PB12" });
}

async function readPages(read: (path: string, what: string) => Promise<unknown>, path: string, what: string): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  let next = "";
  for (let page = 0; page < pagesMax; page++) {
    const list = await read(`${path}?limit=${String(pageSize)}${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`, what);
    items.push(...listOf(recordOf(list)?.["items"]));
    next = stringAt(list, "metadata", "continue") ?? "";
    if (next === "") return items;
  }
  throw new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", { subject: what, detail: `more than ${String(pageSize * pagesMax)} ${what}` });
}

/** 404 is an answer: there is no such object. */
async function orAbsent<T>(asked: Promise<KubeAnswer>, what: string, parse: (object: unknown) => T): Promise<T | undefined> {
  const answer = await asked;
  return answer.status === 404 ? undefined : parse(parseJson(expectSuccess(answer, what), what));
}

/** Throws what made the observation unknown, so that what hangs on it becomes unknown for the same reason. */
function requireValue<T>(observation: Observation<T>): T {
  if (observation.kind === "known") return observation.value;
  throw new RecoveryError("FACTS_INCOMPLETE", { subject: observation.source, detail: observation.detail });
}

function gapsOf(observations: { readonly [R in KubernetesRecord]: Observation<unknown> }): NonNullable<KubernetesRecords["gaps"]> {
  return (Object.keys(observations) as KubernetesRecord[]).flatMap((record) => {
    const observation = observations[record];
    return observation.kind === "unknown" ? [{ record, detail: `${observation.reason}: ${observation.detail}` }] : [];
  });
}
