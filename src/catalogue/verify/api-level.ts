import type { BackupManifest } from "../../model/backup-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import type { SealedFacts } from "../../model/sealed-facts.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hashing } from "../../ports/hashing.ts";
import type { KubeApi } from "../../ports/kube-api.ts";
import { counted, judged, programFault, unknown, type LevelResult } from "./level-result.ts";
import { countServed, discoverResources, fieldOf, get, storedPlace, type ServedResource } from "./list-served-objects.ts";
import { secretDataSha256 } from "./secret-data-sha256.ts";

/** Custom resources are served some seconds after the API server is ready, once it has read their definitions. */
const customResourcesWithinMs = 60_000;
const lookEveryMs = 1_000;
/** What API servers keep for themselves, and nobody lists. */
const ownRecords: readonly string[] = ["masterleases", "peerserverleases", "ranges"];

export interface ApiProof {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly report: ReportProgress;
  readonly signal: AbortSignal;
  readonly manifest: BackupManifest;
  /** By our own reading of the snapshot with the set's keys. */
  readonly sealed: SealedFacts;
  /** "kube-apiserver 1.34.4" */
  readonly program: string;
  /** It was started with the cluster's own flags on what is served: what it does not serve, the cluster did not either. */
  readonly servesAsBefore: boolean;
}

/**
 * V5: a real kube-apiserver of the set's minor version lists every object that
 * the manifest counts, and reads secrets with the same content.
 */
export async function proveApi(proof: ApiProof): Promise<LevelResult> {
  try {
    return await compareAll(proof);
  } catch (error) {
    proof.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return programFault(error, `${error.subject}: ${error.detail} (${error.code})`);
  }
}

async function compareAll(proof: ApiProof): Promise<LevelResult> {
  const { manifest, api, signal, report } = proof;
  const wanted = manifest.snapshot.objects.flatMap(({ resource, count }) => wantedOf(resource, count));
  const served = await servedResources(proof, wanted);
  const problems: string[] = [];
  const unserved: Wanted[] = [];
  const unread: string[] = [];
  let [resources, objects] = [0, 0];
  for (const [index, one] of wanted.entries()) {
    report({ kind: "count", text: "listing objects through the API", done: index, total: wanted.length });
    const place = find(served, one);
    if (place === undefined) {
      unserved.push(one);
      continue;
    }
    const path = isDefined(proof, one) ? await storedPlace(api, place, signal) : place.path;
    const listing = await countServed(api, path, manifest.snapshot.revision, signal);
    if (listing.kind === "refused") {
      // The webhook runs in the cluster; the sandbox reaches nothing outside, and is meant not to.
      if (listing.isConversion) unread.push(`${nameOf(one)} could not be listed without its conversion webhook: ${listing.why}`);
      else problems.push(listing.why);
      continue;
    }
    const { count } = listing;
    if (count !== one.count) problems.push(`${path} lists ${counted(count, "object")}, the set has ${String(one.count)}`);
    resources += 1;
    objects += count;
  }
  const secrets = await compareSecrets(proof);
  problems.push(
    ...secrets.problems,
    ...unserved.filter((one) => isDefined(proof, one)).map((one) => `${nameOf(one)}: the set defines it, and it is not served`),
  );
  if (wanted.length === 0) problems.push("the set has no object of Kubernetes");
  const left = unserved.filter((one) => !isDefined(proof, one));
  if (left.length > 0 && !proof.servesAsBefore)
    unread.push(
      `${left.map(nameOf).join(", ")}: not served here, and whether the cluster's own API server did is not known: the set has no manifest of it that can be understood`,
    );
  const listed = `${proof.program} lists ${counted(objects, "object")} of ${counted(resources, "resource")} at revision ${String(manifest.snapshot.revision)}, as many as the set has of each`;
  if (problems.length === 0 && unread.length > 0) return unknown([...unread, `of the others ${listed}`]);
  return judged(problems, [
    listed,
    ...secrets.compared,
    ...left.map(
      (one) => `${counted(one.count, "object")} of ${nameOf(one)}: left over in etcd, no API server with these flags serves them`,
    ),
  ]);
}

interface Wanted {
  readonly group: string;
  readonly resource: string;
  readonly count: number;
}

/** "apps/deployments", "pods"; keys that are no resource of the API give nothing. */
function wantedOf(name: string, count: number): readonly Wanted[] {
  const parts = /^(?:([a-z0-9.-]+)\/)?([a-z0-9-]+)$/.exec(name);
  const resource = parts?.[2];
  if (resource === undefined || ownRecords.includes(resource)) return [];
  return [{ group: parts?.[1] ?? "", resource, count }];
}

function nameOf({ group, resource }: Wanted): string {
  return group === "" ? resource : `${group}/${resource}`;
}

function find(served: readonly ServedResource[], { group, resource }: Wanted): ServedResource | undefined {
  return served.find((one) => one.group === group && one.resource === resource);
}

function isDefined({ sealed }: ApiProof, one: Wanted): boolean {
  return sealed.resources.includes(nameOf(one));
}

/** Asked again for a while when something that the set itself defines is not there yet. */
async function servedResources(proof: ApiProof, wanted: readonly Wanted[]): Promise<readonly ServedResource[]> {
  const groups = new Set(wanted.map(({ group }) => group));
  const limitMs = proof.clock.monotonicMs() + customResourcesWithinMs;
  for (;;) {
    const served = await discoverResources(proof.api, groups, proof.signal);
    const isWhole = wanted.every((one) => !isDefined(proof, one) || find(served, one) !== undefined);
    if (isWhole || proof.clock.monotonicMs() > limitMs) return served;
    await proof.clock.sleep(lookEveryMs, proof.signal);
  }
}

async function compareSecrets({
  api,
  sealed,
  signal,
  hashing,
  manifest,
}: ApiProof): Promise<{ readonly problems: readonly string[]; readonly compared: readonly string[] }> {
  const problems: string[] = [];
  for (const { namespace, name, dataSha256 } of sealed.secrets) {
    const secret = await get(api, `/api/v1/namespaces/${namespace}/secrets/${name}`, signal);
    if (secretDataSha256(hashing, fieldOf(secret, "data")) !== dataSha256)
      problems.push(`secret ${namespace}/${name} has other content than in the set`);
  }
  const sealedCount = sealed.secrets.filter(({ isSealed }) => isSealed).length;
  const hasSecrets = manifest.snapshot.objects.some(({ resource, count }) => resource === "secrets" && count > 0);
  if (sealed.secrets.length === 0 && hasSecrets) problems.push("no secret of the set could be read to be compared");
  return {
    problems,
    compared: [
      sealed.secrets.length === 0
        ? "the set has no secret"
        : `${counted(sealed.secrets.length, "secret")} read with the content that the set has (${String(sealedCount)} encrypted at rest)`,
    ],
  };
}
