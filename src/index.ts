/** requorum as a library: the same use cases as the program's verbs, with ports to be wired by the caller. */
export type * from "./model/cluster-config.ts";
export type * from "./model/cluster-model.ts";
export type * from "./model/finding.ts";
export type * from "./model/ids.ts";
export type * from "./model/inventory.ts";
export type * from "./model/journal-event.ts";
export type * from "./model/observation.ts";
export type * from "./model/plan.ts";
export type * from "./model/progress-event.ts";
export type * from "./model/quorum.ts";
export type * from "./model/step.ts";
export type * from "./model/verdict.ts";
export { errorCatalogue, errorCodes, exitCodes, type ErrorCode, type ExitName, type Retry } from "./model/error-catalogue.ts";
export { RecoveryError, type Remedy } from "./model/recovery-error.ts";

export type * from "./ports/byte-files.ts";
export type * from "./ports/certificates.ts";
export type * from "./ports/clock.ts";
export type * from "./ports/data-dir-writer.ts";
export type * from "./ports/etcd-client.ts";
export type * from "./ports/hashing.ts";
export type * from "./ports/host-access.ts";
export type * from "./ports/kube-api.ts";
export type * from "./ports/last-seen-store.ts";
export type * from "./ports/local-lock.ts";
export type * from "./ports/run-store.ts";
export type * from "./ports/schedule-records.ts";

export type { AppContext, AppPorts } from "./app/app-ports.ts";
export { applyPlan, approveByDigest, consentByTyping, type AppliedRun, type AskConsent } from "./app/apply-plan.ts";
export { makePlan, type PlanRequest } from "./app/make-plan.ts";
export { observeAgain, observeOnce, type Look } from "./app/observe-cluster.ts";
export { recoverCluster, type RecoverRequest } from "./app/recover-cluster.ts";
export { resumeRun } from "./app/resume-run.ts";
export {
  runScheduledBackup,
  type ScheduledBackup,
  type ScheduledBackupContext,
  type ScheduledSteps,
  type ScheduleListener,
} from "./app/backup/run-scheduled-backup.ts";
export { scheduledStepsOf } from "./app/backup/scheduled-steps.ts";
export { listRuns, readRun, type RunRecord, type RunSummary } from "./app/run-records.ts";

export { createGrpcEtcdDialer } from "./adapters/etcd-grpc/grpc-etcd-dialer.ts";
export { createHttpsKubeApiDialer } from "./adapters/kube-api/https-kube-api-dialer.ts";
export { LocalByteFiles } from "./adapters/local-fs/local-byte-files.ts";
export { LocalDataDirWriter } from "./adapters/local-fs/local-data-dir-writer.ts";
export { FileLastSeenStore } from "./adapters/local-fs/file-last-seen-store.ts";
export { FileLocalLock } from "./adapters/local-fs/file-local-lock.ts";
export { FileRunStore } from "./adapters/local-fs/file-run-store.ts";
export { createSshHostAccess } from "./adapters/ssh/ssh-host-access.ts";
export { NodeCertificates } from "./adapters/system/node-certificates.ts";
export { NodeHashing } from "./adapters/system/node-hashing.ts";
export { nodeSealCiphers } from "./adapters/system/node-seal-ciphers.ts";
export { SystemClock } from "./adapters/system/system-clock.ts";
