import { readManifestText } from "../formats/machine/manifest-text.ts";
import type { HostName } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { HostAccess } from "../ports/host-access.ts";

/**
 * What one machine says about the cluster that it belongs to. Only paths,
 * addresses, flags and etcd's manifest are read; no key, token or certificate leaves the machine,
 * and of variables only the paths in ETCD_DATA_DIR and ETCD_WAL_DIR. A manifest in which they cannot be told for sure stays there.
 */
export interface DiscoveredMachine {
  readonly hostname: string;
  readonly addresses: readonly string[];
  /** `server` of admin.conf, kubelet.conf …, by file. */
  readonly servers: readonly { readonly file: string; readonly url: string }[];
  readonly manifestsDir: string;
  readonly apiServer: { readonly advertiseAddress: string; readonly etcdServers: readonly string[]; readonly caFile: string } | undefined;
  readonly etcd:
    | {
        readonly kind: "static-pod" | "service";
        readonly name: string;
        /** On the machine, not in a container; "": not told. */
        readonly dataDir: string;
        readonly clientUrls: readonly string[];
        readonly initialCluster: readonly { readonly name: string; readonly peerUrl: string }[];
      }
    | undefined;
  readonly hasKubelet: boolean;
  readonly hasHaproxy: boolean;
  readonly keepalivedAddresses: readonly string[];
  readonly kubeVipAddress: string | undefined;
  readonly isOpenShift: boolean;
  readonly isKubespray: boolean;
}

/** A login and a few small files; a machine in trouble is slow, one that needs longer is asked again by a person. */
const discoveryTimeoutMs = 15_000;

/** Throws SSH_*, REMOTE_* of the port, REMOTE_ANSWER_MALFORMED when the answer is not whole. */
export async function discoverMachine(hostAccess: HostAccess, host: HostName, signal?: AbortSignal): Promise<DiscoveredMachine> {
  const { stdout, stderr, exitCode } = await hostAccess.run(host, {
    reason: "find out how the cluster is built",
    script: discoveryScript,
    timeoutMs: discoveryTimeoutMs,
    changesThings: false,
    outputBytesMax: 256 * 1024,
    ...(signal === undefined ? {} : { signal }),
  });
  const facts = readFacts(stdout);
  if (!facts.has("complete")) {
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", {
      subject: `host ${host}`,
      detail: `the list of facts is not whole (exit status ${String(exitCode)}${stderr === "" ? "" : `: ${stderr.trim().slice(0, 200)}`})`,
    });
  }
  return machineOf(facts);
}

/** POSIX sh; prints KEY<TAB>VALUE lines. Files that are not there are simply not told. */
export const discoveryScript = String.raw`
say() { [ -z "$2" ] || printf '%s\t%s\n' "$1" "$2"; }
flag() { sed -n "s/^ *- *[\"']\{0,1\}--$2=\([^\"']*\).*/\1/p" "$1" | head -n 1; }
setting() { sed -n "s/^ *$2=[\"']\{0,1\}\([^\"']*\).*/\1/p" "$1" | head -n 1; }
# YAML without the values of variables, which may be secrets; except of those that tell where the data is. Nothing of what
# has them in a form that lines do not tell: in braces (as JSON), under odd keys, in quotes that go on, behind tabs.
withheld() {
  LC_ALL=C awk '
    BEGIN { whole = "^ *(\"([^\"\\\\]|\\\\.)*\"|\047([^\047]|\047\047)*\047)[ \t]*(#.*)?$" }
    { text = $0; sub(/\r$/, "", text); braces = text }
    # Braces within one line, as of a volume, that have neither values nor quotes.
    { while (match(braces, /\{[^{}"\047\\]*\}/) && substr(braces, RSTART, RLENGTH) !~ /value/) braces = substr(braces, 1, RSTART - 1) substr(braces, RSTART + RLENGTH) }
    text ~ /^ *(- *)*\t/ || text ~ /\r|\302\205|\342\200[\250\251]/ || text ~ /^ *(- +)*(([^"\047#]+|"[^"]*"|\047[^\047]*\047):[ \t]+)?[!&*]/ || text ~ /^ *(- +)*("[^"]*"|\047[^\047]*\047)[ \t]+:[ \t]+[!&*]/ || text ~ /^ *(- +)*\?/ || text ~ /"[^"]*\\[^"]*"[ \t]*:/ || braces ~ /(^|[-:,[{])[ \t]*([&!][^ \t]*[ \t]+)*\{/ { unsure = 1; exit }
    text ~ /^ *$/ { told = told "\n"; next }
    { match(text, /^ */); depth = RLENGTH }
    # What goes on below a value: a text of several lines, in whatever style.
    inside && depth > column {
      if (inside == 2 && text ~ /^ *["\047]/ && text !~ whole) { unsure = 1; exit }
      if (text !~ /^ *#/) inside = 1
      told = told substr(text, 1, depth) "withheld\n"; next
    }
    text ~ /^ *#/ { next }
    # A name that goes on in the next line, that stands twice, or behind its value, is of nobody knows which variable.
    named && depth > nameColumn { unsure = 1; exit }
    { inside = 0; named = 0 }
    depth < nameColumn { name = ""; hasValue = 0 }
    text ~ /^ *-/ { name = ""; hasValue = 0 }
    match(text, /^ *(- +)*("name"|\047name\047|name)[ \t]*:/) {
      rest = substr(text, RLENGTH + 1); sub(/^[ \t]+/, "", rest); sub(/[ \t]+(#.*)?$/, "", rest)
      if (rest ~ /^(".*"|\047.*\047)$/) rest = substr(rest, 2, length(rest) - 2)
      if (rest ~ /^ETCD_(DATA|WAL)_DIR$/ && hasValue || name ~ /^ETCD_(DATA|WAL)_DIR$/) { unsure = 1; exit }
      match(text, /^ *(- +)*/); nameColumn = RLENGTH; name = rest; named = 1
    }
    match(text, /^ *(- +)*("value"|\047value\047|value)[ \t]*:/) {
      key = substr(text, 1, RLENGTH); rest = substr(text, RLENGTH + 1)
      if (rest !~ /^[ \t]/ && rest != "") { unsure = 1; exit }
      sub(/^[ \t]+/, "", rest)
      if (rest ~ /^["\047]/ && rest !~ whole) { unsure = 1; exit }
      match(text, /^ *(- +)*/); column = RLENGTH; inside = rest == "" || rest ~ /^#/ ? 2 : 1; hasValue = 1
      isPlace = name ~ /^ETCD_(DATA|WAL)_DIR$/ && nameColumn == column
      if (isPlace && rest ~ /^["\047]?\/[^ \t]*$/) told = told text "\n"
      else if (rest == "" || rest ~ /^#/) told = told key "\n"
      else if (rest ~ /^[|>]/) told = told key " |\n"
      else told = told key " withheld\n"
      next
    }
    { told = told text "\n" }
    END { if (!unsure) printf "%s", told }
  '
}
say hostname "$(uname -n)"
if command -v ip >/dev/null; then
  ip -o addr show scope global | awk '{ sub("/.*", "", $4); print $4 }' | while read -r one; do say address "$one"; done
else
  for one in $(hostname -I); do say address "$one"; done
fi
for file in admin.conf super-admin.conf controller-manager.conf kubelet.conf; do
  [ -r "/etc/kubernetes/$file" ] && say "server.$file" "$(sed -n 's/^ *server: *//p' "/etc/kubernetes/$file" | head -n 1)"
done
dir=
[ -r /var/lib/kubelet/config.yaml ] && dir=$(sed -n 's/^staticPodPath: *//p' /var/lib/kubelet/config.yaml | tr -d '"' | head -n 1)
[ -n "$dir" ] || dir=/etc/kubernetes/manifests
say manifests "$dir"
# kubeadm's own name first: another etcd, as for events, may stand beside it, and the first one counts.
for file in "$dir/etcd.yaml" "$dir"/*; do
  [ -f "$file" ] || continue
  if grep -q -- ' kube-apiserver$' "$file"; then
    say apiserver yes
    say apiserver.advertise "$(flag "$file" advertise-address)"
    say apiserver.etcd "$(flag "$file" etcd-servers)"
    say apiserver.ca "$(flag "$file" client-ca-file)"
  elif grep -q -- '--initial-advertise-peer-urls=' "$file"; then
    say etcd static-pod
    say etcd.name "$(flag "$file" name)"
    [ "$(wc -c <"$file")" -ge 65536 ] || say etcd.manifest "$(head -c 65536 "$file" | withheld | base64 -w0)"
    say etcd.client "$(flag "$file" advertise-client-urls)"
    say etcd.cluster "$(flag "$file" initial-cluster)"
  elif grep -q 'image:.*kube-vip' "$file"; then
    say kubevip "$(awk '/name: *(address|vip_address) *$/ { getline; gsub("[\"'"'"' ]", ""); sub("^value:", ""); print; exit }' "$file")"
  fi
done
if [ -r /etc/etcd.env ]; then
  say etcd service
  say etcd.name "$(setting /etc/etcd.env ETCD_NAME)"
  say etcd.data "$(setting /etc/etcd.env ETCD_DATA_DIR)"
  say etcd.client "$(setting /etc/etcd.env ETCD_ADVERTISE_CLIENT_URLS)"
  say etcd.cluster "$(setting /etc/etcd.env ETCD_INITIAL_CLUSTER)"
  say kubespray yes
fi
[ -e /etc/kubernetes/kubelet.conf ] || [ -e /var/lib/kubelet/config.yaml ] && say kubelet yes
[ -d /etc/kubernetes/ssl ] && [ ! -L /etc/kubernetes/ssl ] && say kubespray yes
[ -e /etc/haproxy/haproxy.cfg ] && grep -Eq ':(6443|8443|9443|16443)' /etc/haproxy/haproxy.cfg && say haproxy yes
if [ -r /etc/keepalived/keepalived.conf ]; then
  awk '/virtual_ipaddress[a-z_]* *\{/ { inside = 1; next } /\}/ { inside = 0 } inside && NF { sub("/.*", "", $1); print $1 }' /etc/keepalived/keepalived.conf | while read -r one; do say vip "$one"; done
fi
[ -d /etc/kubernetes/static-pod-resources ] && ls /etc/kubernetes/static-pod-resources | grep -q '^etcd-' && say openshift yes
say complete yes
`;

function readFacts(text: string): ReadonlyMap<string, readonly string[]> {
  const facts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const tab = line.indexOf("\t");
    if (tab <= 0) continue;
    const key = line.slice(0, tab);
    const values = facts.get(key) ?? [];
    values.push(line.slice(tab + 1).trim());
    facts.set(key, values);
  }
  return facts;
}

function machineOf(facts: ReadonlyMap<string, readonly string[]>): DiscoveredMachine {
  const one = (key: string): string => facts.get(key)?.[0] ?? "";
  const kind = one("etcd");
  return {
    hostname: one("hostname"),
    addresses: facts.get("address") ?? [],
    servers: [...facts]
      .filter(([key]) => key.startsWith("server."))
      .map(([key, values]) => ({ file: key.slice("server.".length), url: values[0] ?? "" })),
    manifestsDir: one("manifests"),
    apiServer: facts.has("apiserver")
      ? { advertiseAddress: one("apiserver.advertise"), etcdServers: list(one("apiserver.etcd")), caFile: one("apiserver.ca") }
      : undefined,
    etcd:
      kind === "static-pod" || kind === "service"
        ? {
            kind,
            name: one("etcd.name"),
            dataDir: kind === "service" ? one("etcd.data") : dataDirOf(one("etcd.manifest")),
            clientUrls: list(one("etcd.client")),
            initialCluster: list(one("etcd.cluster")).flatMap(peerOf),
          }
        : undefined,
    hasKubelet: facts.has("kubelet"),
    hasHaproxy: facts.has("haproxy"),
    keepalivedAddresses: facts.get("vip") ?? [],
    kubeVipAddress: facts.get("kubevip")?.[0],
    isOpenShift: facts.has("openshift"),
    isKubespray: facts.has("kubespray"),
  };
}

/** The host path of its volume; "" where the manifest does not tell it: the diagnosis then says why. */
function dataDirOf(base64: string): string {
  if (!isBase64(base64)) return "";
  const text = new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  const place = readManifestText(text, "etcd.yaml").etcdFlags?.dataPlace;
  return place?.kind === "path" ? place.path : "";
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function list(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** "cp1=https://10.0.0.11:2380" */
function peerOf(entry: string): readonly { readonly name: string; readonly peerUrl: string }[] {
  const equals = entry.indexOf("=");
  return equals <= 0 ? [] : [{ name: entry.slice(0, equals), peerUrl: entry.slice(equals + 1) }];
}
