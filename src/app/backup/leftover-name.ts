/**
 * Names that rotation and people give to what is no longer read. The kubelet
 * reads its certificates through kubelet-client-current.pem and leaves the
 * older ones beside it (kubernetes client-go, util/certificate,
 * certificate_store.go: PREFIX-2006-01-02-15-04-05.pem).
 */
const rotated = /\/kubelet-(?:client|server)-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.pem$/;
const aside = "(?:bak|backup|old|orig|saved?|expired)";
const when = String.raw`[._-]?\d[\d._TZ-]*`;
/** "apiserver.crt.bak", "ca.crt.20250101", "ca.crt~", "a.pem.old-2": no program's own name goes on behind its end. "apiserver-old.crt" may be the one of a machine called old. */
const fileAside = new RegExp(String.raw`\.(?:crt|key|pem|pub|cer|conf)(?:~|\.\d{8,14}|[._-]${aside}(?:${when})?)$`, "i");
/** "old", "pki.bak", "pki-backup-2025-01-01": by itself, or behind the name of a directory that programs read. "etcd-backup" may be what a program for backups reads. */
const directoryAside = new RegExp(
  String.raw`\/(?:(?:pki|ssl|certs|etcd|kubernetes)(?:\.\d{8,14}|\.${aside}|[._-]${aside}${when})|old|bak)\/`,
  "i",
);

/** A guess by the name alone, where no live file could have it: it must be ended, too, before it counts for nothing. */
export function isLeftoverName(path: string): boolean {
  return rotated.test(path) || fileAside.test(path) || directoryAside.test(path);
}
