import { placeOf, type CheckedParts, type SetEvidence } from "./set-content.ts";

/** Machines whose clocks are kept by NTP differ by less than a second; without it a few minutes are common. */
const clockLeewayMs = 10 * 60_000;

/**
 * When the set was made, by other evidence than its own word: nothing in it
 * can be younger than the set. One clock against another settles nothing; two
 * of them against the set's do. Files that machines have alike, of the same
 * path and second, came from one image or one hand and are of one clock. What
 * is of the future even now says that its own clock was wrong, or this one:
 * by one clock alone, as on a machine that was installed in 2038, it is told;
 * where several say it, nobody knows. A wrong clock makes retention keep the
 * wrong sets.
 */
export function checkTimes(evidence: SetEvidence): CheckedParts {
  const { manifest, nowMs } = evidence;
  const madeMs = Date.parse(manifest.createdAt);
  const problems: string[] = [];
  const missing: string[] = [];
  // Which of both is wrong, the set cannot say.
  if (madeMs > nowMs + clockLeewayMs)
    missing.push(
      `the set says that it was made at ${manifest.createdAt}, and here it is ${new Date(nowMs).toISOString()}: one of both clocks is wrong`,
    );
  const younger = youngerThan(madeMs + clockLeewayMs, evidence);
  const of = (list: readonly Younger[]): readonly string[] => [...new Set(list.map((one) => one.of))];
  const words = ({ what, atMs }: Younger): string =>
    `the set says that it was made at ${manifest.createdAt}, and ${what} in it is of ${new Date(atMs).toISOString()}`;
  const eitherWrong = "the clock of the machine that made it was in the past, or that of the other in the future";
  const past = younger.filter(({ atMs }) => atMs <= nowMs + clockLeewayMs);
  const future = younger.filter(({ atMs }) => atMs > nowMs + clockLeewayMs);
  const clocks = of(past);
  if (past[0] !== undefined && clocks.length > 1)
    problems.push(
      `${words(past[0])}; ${String(clocks.length)} clocks agree (${clocks.join(", ")}): the clock of the machine that made it was in the past`,
    );
  else if (past[0] !== undefined) missing.push(`${words(past[0])}: ${eitherWrong}`);
  if (future[0] !== undefined && of(future).length > 1) missing.push(`${words(future[0])}: ${eitherWrong}`);
  const told =
    future[0] !== undefined && of(future).length === 1
      ? [`${words(future[0])}, which is still to come: a clock was wrong when it was written, and it was not judged`]
      : [`made at ${manifest.createdAt}, and nothing in it is younger`];
  return { problems, missing, compared: told };
}

interface Younger {
  readonly what: string;
  /** Whose clock says it. */
  readonly of: string;
  readonly atMs: number;
}

/** Youngest first. */
function youngerThan(limitMs: number, { parts, lastSeen }: SetEvidence): readonly Younger[] {
  const files = parts.filter(({ modifiedAt }) => modifiedAt * 1000 > limitMs);
  const alike = new Map<string, Set<string>>();
  const keyOf = ({ path, modifiedAt }: (typeof files)[number]): string => `${String(modifiedAt)} ${path}`;
  for (const file of files) alike.set(keyOf(file), (alike.get(keyOf(file)) ?? new Set<string>()).add(file.host ?? ""));
  return files
    .map((file) => ({
      what: placeOf(file),
      of: (alike.get(keyOf(file))?.size ?? 0) > 1 ? "one that gave several machines the same files" : (file.host ?? "the cluster"),
      atMs: file.modifiedAt * 1000,
    }))
    .concat(
      lastSeen
        .map(({ from, facts }) => ({ what: `what ${from} saw of the cluster`, of: from, atMs: Date.parse(facts.takenAt) }))
        .filter(({ atMs }) => atMs > limitMs),
    )
    .sort((one, other) => other.atMs - one.atMs);
}
