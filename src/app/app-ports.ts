import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ReportProgress } from "../model/progress-event.ts";
import type { Clock } from "../ports/clock.ts";
import type { EtcdDialer } from "../ports/etcd-client.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { HostAccess } from "../ports/host-access.ts";
import type { KubeApiDialer } from "../ports/kube-api.ts";
import type { LastSeenStore } from "../ports/last-seen-store.ts";
import type { LocalLock } from "../ports/local-lock.ts";
import type { CertificateReader } from "../ports/certificates.ts";
import type { SetPartSource } from "../ports/set-parts.ts";
import type { RunStore } from "../ports/run-store.ts";

/** Everything outside that the use cases reach through. One cluster's worth; wired in cli/wiring.ts. */
export interface AppPorts {
  readonly hostAccess: HostAccess;
  readonly etcd: EtcdDialer;
  readonly kube: KubeApiDialer;
  readonly certificates: CertificateReader;
  readonly runs: RunStore;
  readonly localLock: LocalLock;
  readonly lastSeen: LastSeenStore;
  readonly clock: Clock;
  readonly hashing: Hashing;
  /** For plans that restore files of backup sets; absent: no store was opened for this call. */
  readonly setParts?: SetPartSource;
}

/** What every use case is given besides its own request. */
export interface AppContext {
  readonly ports: AppPorts;
  readonly config: ClusterConfig;
  /** `by`: "user@workstation", goes into consent, attestations and the journal; `host`: the workstation's name. */
  readonly operator: { readonly by: string; readonly host: string };
  /** "requorum 0.1.0" */
  readonly program: string;
  readonly signal: AbortSignal;
  readonly report: ReportProgress;
}
