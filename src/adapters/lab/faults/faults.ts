import { breakHaproxyFault } from "./break-haproxy.ts";
import { breakKeepalivedFault } from "./break-keepalived.ts";
import { changeHostKeyFault } from "./change-host-key.ts";
import { clockSkewFault } from "./clock-skew.ts";
import { corruptDbFault } from "./corrupt-db.ts";
import { corruptWalFault } from "./corrupt-wal.ts";
import { expireCertificatesFault } from "./expire-certificates.ts";
import { failingDiskFault } from "./failing-disk.ts";
import type { Fault } from "./fault.ts";
import { fillQuotaFault } from "./fill-quota.ts";
import { freezeFault } from "./freeze.ts";
import { fullDiskFault } from "./full-disk.ts";
import { partitionFault } from "./partition.ts";
import { powerOffFault } from "./power-off.ts";
import { powerOnFault } from "./power-on.ts";
import { readOnlyDiskFault } from "./read-only-disk.ts";
import { rebootFault } from "./reboot.ts";
import { stopApiserverFault } from "./stop-apiserver.ts";
import { stopServiceFault } from "./stop-service.ts";
import { wipeEtcdDataFault } from "./wipe-etcd-data.ts";
import { wipeMachineFault } from "./wipe-machine.ts";

/** Every way to break a lab. Adding one: a file here and a line below. */
export const faults: readonly Fault[] = [
  powerOffFault,
  powerOnFault,
  rebootFault,
  wipeMachineFault,
  wipeEtcdDataFault,
  stopServiceFault,
  freezeFault,
  partitionFault,
  readOnlyDiskFault,
  fullDiskFault,
  failingDiskFault,
  corruptDbFault,
  corruptWalFault,
  expireCertificatesFault,
  clockSkewFault,
  fillQuotaFault,
  stopApiserverFault,
  breakHaproxyFault,
  breakKeepalivedFault,
  changeHostKeyFault,
];
