import type { HostName, RunId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HostAccess } from "../../ports/host-access.ts";

/**
 * The lock that two operators on two laptops share: a marker on every
 * reachable control-plane machine. It is a hard link to a finished file, so it
 * appears at once and with its text, or not at all.
 * Not guaranteed: a machine that cannot be reached carries no marker; two
 * operators who see disjoint sets of machines do not see each other's lock.
 */
export const markerPath = "/var/lib/requorum/lock";

export interface LockHolder {
  readonly cluster: string;
  readonly run: RunId;
  readonly by: string;
  /** The operator's machine. */
  readonly host: string;
  readonly at: string;
}

export interface MachineLocks {
  readonly where: readonly HostName[];
  /** "cp2: host cannot be reached by SSH" */
  readonly notOn: readonly string[];
  /** Of those in `notOn`: asked, and the answer was lost. The marker may be there, or still land; releasing asks them, too. */
  readonly mayBeOn: readonly HostName[];
}

/** Where a marker of ours is or may be. */
export function markedHosts(locks: Pick<MachineLocks, "where" | "mayBeOn">): readonly HostName[] {
  return [...locks.where, ...locks.mayBeOn];
}

/** Making one small file; a machine that needs longer than this is not fit to be worked on. */
const markerTimeoutMs = 20_000;

const acquireScript = `set -eu
umask 077
dir=/var/lib/requorum
mkdir -p "$dir"
tmp="$dir/.lock.$$"
printf '%s\\n' "$1" > "$tmp"
sync "$tmp" 2>/dev/null || sync
if ln "$tmp" "$dir/lock" 2>/dev/null; then
  rm -f "$tmp"; echo acquired
elif [ -n "$2" ] && [ "$(cat "$dir/lock" 2>/dev/null)" = "$2" ]; then
  mv -f "$tmp" "$dir/lock"; echo acquired
elif [ -e "$dir/lock" ]; then
  rm -f "$tmp"; echo held; cat "$dir/lock"
else
  rm -f "$tmp"; echo "no hard link could be made in $dir" >&2; exit 1
fi`;

const releaseScript = `set -eu
f=/var/lib/requorum/lock
[ -e "$f" ] || { echo released; exit 0; }
if grep -qF "\\"run\\":\\"$1\\"" "$f" && grep -qF "\\"host\\":\\"$2\\"" "$f"; then rm -f "$f"; echo released; else echo foreign; cat "$f"; fi`;

const readScript = `cat /var/lib/requorum/lock 2>/dev/null || true`;

/**
 * Why the lock is no longer ours, empty while it is: another operator may have
 * taken it over with --break-lock while this program was slow or asleep.
 * Asked before every step that changes something. A machine that cannot be
 * reached says nothing; at least one must show our marker, and none another's.
 */
export async function lockProblems(options: {
  readonly hostAccess: HostAccess;
  readonly hosts: readonly HostName[];
  readonly run: RunId;
  readonly host: string;
  readonly signal: AbortSignal;
}): Promise<readonly string[]> {
  const answers = await Promise.all(options.hosts.map(async (host) => ({ host, ...(await readMarker(host, options)) })));
  const taken = answers.flatMap(({ host, text }) =>
    text === undefined || text === "" || isSameHolder(text, options) ? [] : [`${host} is locked by ${holderWords(text)}`],
  );
  if (taken.length > 0) return taken;
  if (answers.some(({ text }) => text !== undefined && text !== "")) return [];
  return answers.map(({ host, words }) => (words === undefined ? `${host} no longer carries this run's lock` : `${host}: ${words}`));
}

/**
 * RUN_LOCKED when a machine carries anybody's marker. For a run that is yet
 * to be made, so none is its own. Racy, and a machine that does not answer
 * says nothing: taking the lock decides, this only keeps a run from being
 * made in vain.
 */
export async function assertNotLocked(options: {
  readonly hostAccess: HostAccess;
  readonly hosts: readonly HostName[];
  readonly signal: AbortSignal;
}): Promise<void> {
  const markers = await Promise.all(options.hosts.map(async (host) => ({ host, text: (await readMarker(host, options)).text })));
  for (const { host, text } of markers) if (text !== undefined && text !== "") throw lockedBy(host, text);
}

/** The marker's text, "" where there is none; text undefined and why, when the machine could not be asked. */
async function readMarker(
  host: HostName,
  { hostAccess, signal }: { readonly hostAccess: HostAccess; readonly signal: AbortSignal },
): Promise<{ readonly text: string; readonly words?: undefined } | { readonly text: undefined; readonly words: string }> {
  try {
    const request = { reason: "look who holds the lock", script: readScript, timeoutMs: markerTimeoutMs, changesThings: false, signal };
    return { text: (await hostAccess.run(host, request)).stdout.trim() };
  } catch (error) {
    if (!(error instanceof RecoveryError) || signal.aborted) throw error;
    return { text: undefined, words: error.message };
  }
}

type MarkerAnswer =
  | { readonly kind: "acquired" }
  | { readonly kind: "held"; readonly text: string }
  | { readonly kind: "unreachable" | "unknown"; readonly words: string };

export interface LockRequest {
  readonly hostAccess: HostAccess;
  readonly hosts: readonly HostName[];
  readonly holder: LockHolder;
  /** Take over markers of other runs. Only on the operator's explicit word. */
  readonly breakLock: boolean;
  readonly signal: AbortSignal;
}

/**
 * Puts the marker on every host that can be reached. A marker of the same run
 * from the same operator's machine is ours (resume). Throws RUN_LOCKED naming the holder, FACTS_INCOMPLETE when
 * no host could be reached, and the signal's reason; each after taking back
 * what it had put.
 */
export async function acquireMachineLocks(request: LockRequest): Promise<MachineLocks> {
  const answers = await Promise.all(request.hosts.map(async (host) => ({ host, answer: await acquireOn(host, request) })));
  const those = (kind: MarkerAnswer["kind"]) => answers.filter(({ answer }) => answer.kind === kind).map(({ host }) => host);
  const locks = {
    where: those("acquired"),
    mayBeOn: those("unknown"),
    notOn: answers.flatMap(({ host, answer }) => ("words" in answer ? [`${host}: ${answer.words}`] : [])),
  };
  const held = answers.find(({ answer }) => answer.kind === "held");
  if (held === undefined && locks.where.length > 0 && !request.signal.aborted) return locks;
  await releaseMachineLocks({
    hostAccess: request.hostAccess,
    hosts: markedHosts(locks),
    run: request.holder.run,
    host: request.holder.host,
  });
  request.signal.throwIfAborted();
  if (held?.answer.kind === "held") throw lockedBy(held.host, held.answer.text);
  throw new RecoveryError("FACTS_INCOMPLETE", {
    subject: "lock",
    detail: `no machine could be reached to lock the cluster (${locks.notOn.join("; ")})`,
  });
}

/** Removes our markers. Returns the hosts that could not be reached, with the reason: their marker is still there. */
export async function releaseMachineLocks(options: {
  readonly hostAccess: HostAccess;
  readonly hosts: readonly HostName[];
  readonly run: RunId;
  /** The operator's machine, as in the marker. */
  readonly host: string;
}): Promise<{
  readonly released: readonly HostName[];
  readonly leftOn: readonly string[];
}> {
  const answers = await Promise.all(
    options.hosts.map(async (host) => {
      try {
        const result = await options.hostAccess.run(host, {
          reason: "release the run's lock",
          script: releaseScript,
          args: [options.run, options.host],
          timeoutMs: markerTimeoutMs,
          changesThings: true,
        });
        return { host, words: result.exitCode === 0 ? undefined : result.stderr.trim() };
      } catch (error) {
        if (!(error instanceof RecoveryError)) throw error;
        return { host, words: error.message };
      }
    }),
  );
  return {
    released: answers.filter(({ words }) => words === undefined).map(({ host }) => host),
    leftOn: answers.flatMap(({ host, words }) => (words === undefined ? [] : [`${host}: ${words}`])),
  };
}

async function acquireOn(host: HostName, request: LockRequest): Promise<MarkerAnswer> {
  const first = await putMarker(host, request, "");
  if (first.kind !== "held") return first;
  if (!request.breakLock && !isSameHolder(first.text, request.holder)) return first;
  // Replaced only if it still has the text that was judged.
  return await putMarker(host, request, first.text);
}

async function putMarker(host: HostName, request: LockRequest, replaces: string): Promise<MarkerAnswer> {
  const text = JSON.stringify(request.holder);
  try {
    const result = await request.hostAccess.run(host, {
      reason: "lock the cluster for this run",
      script: acquireScript,
      args: [text, replaces],
      timeoutMs: markerTimeoutMs,
      changesThings: true,
      signal: request.signal,
    });
    const [word, ...rest] = result.stdout.split("\n");
    if (result.exitCode === 0 && word === "acquired") return { kind: "acquired" };
    if (result.exitCode === 0 && word === "held") return { kind: "held", text: rest.join("\n").trim() };
    return { kind: "unreachable", words: `no marker could be made: ${result.stderr.trim() || `exit ${result.exitCode}`}` };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return { kind: error.retry === "unknown-outcome" ? "unknown" : "unreachable", words: error.message };
  }
}

/** Parses our own marker; undefined when it is not of our form. */
function holderOf(text: string): Partial<LockHolder> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The same run on another laptop, with a copied state directory, is another holder. */
function isSameHolder(text: string, holder: Pick<LockHolder, "run" | "host">): boolean {
  const found = holderOf(text);
  return found?.run === holder.run && found.host === holder.host;
}

/** What a marker says is what somebody on that machine wrote. */
function told(value: unknown): string {
  return String(value).slice(0, 200);
}

function holderWords(text: string): string {
  const holder = holderOf(text);
  return holder === undefined
    ? `a marker that cannot be read: ${JSON.stringify(text.slice(0, 200))}`
    : `run ${told(holder.run)} of ${told(holder.by)} on ${told(holder.host)}, since ${told(holder.at)}`;
}

function lockedBy(host: HostName, text: string): RecoveryError {
  const holder = holderOf(text);
  // It goes into a command that somebody copies.
  const run = typeof holder?.run === "string" && /^[0-9]{8}-[0-9]{6}-[0-9a-z]{4}$/.test(holder.run) ? holder.run : undefined;
  return new RecoveryError("RUN_LOCKED", {
    subject: `host ${host}`,
    detail: `${markerPath} on ${host} is held by ${holderWords(text)}`,
    remedies: [
      ...(run === undefined
        ? []
        : [
            {
              why: `if that run was interrupted, go on with it where it was started (${told(holder?.host)})`,
              command: `requorum resume ${run}`,
            },
          ]),
      { why: "if it is certain that nobody works on the cluster, run the same command again with --break-lock" },
    ],
  });
}
