/**
 * Names that rotation and people give to what is no longer read. The kubelet
 * reads its certificates through kubelet-client-current.pem and leaves the
 * older ones beside it (kubernetes client-go, util/certificate,
 * certificate_store.go: PREFIX-2006-01-02-15-04-05.pem).
 */
const rotated = /\/kubelet-(?:client|server)-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.pem$/;
/** "apiserver.crt.bak", "apiserver-old.crt", "pki.bak/ca.crt", "old/ca.crt", "ca.crt.20250101", "ca.crt~" */
const setAside = /(?:^|[._-])(?:bak|backup|old|orig|save|saved|expired)(?:[._-]?\d[\d._TZ-]*)?(?:[._-]|$)|~$|\.\d{8,14}$/i;

/** A guess by the name alone: it must be ended, too, before it counts for nothing. */
export function isLeftoverName(path: string): boolean {
  return rotated.test(path) || path.split("/").some((name) => setAside.test(name));
}
