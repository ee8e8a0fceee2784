import { placeOf, type CheckedParts, type SetEvidence } from "./set-content.ts";

/** Machines whose clocks are kept by NTP differ by less than a second; without it a few minutes are common. */
const clockLeewayMs = 10 * 60_000;

/**
 * When the set was made, by other evidence than its own word: nothing in it
 * can be younger than the set. One clock against another settles nothing, and
 * a machine that was installed in 2038 keeps such files for ever; two of them
 * against the set's do. One of the future is not judged: the clock that is
 * wrong may be the one here. A wrong clock makes retention keep the wrong sets.
 */
export function checkTimes({ manifest, parts, lastSeen, nowMs }: SetEvidence): CheckedParts {
  const madeMs = Date.parse(manifest.createdAt);
  const problems: string[] = [];
  const missing: string[] = [];
  // Which of both is wrong, the set cannot say.
  if (madeMs > nowMs + clockLeewayMs)
    missing.push(
      `the set says that it was made at ${manifest.createdAt}, and here it is ${new Date(nowMs).toISOString()}: one of both clocks is wrong`,
    );
  const younger = parts
    .map((part) => ({ what: placeOf(part), of: part.host ?? "the cluster", atMs: part.modifiedAt * 1000 }))
    .concat(lastSeen.map(({ from, facts }) => ({ what: `what ${from} saw of the cluster`, of: from, atMs: Date.parse(facts.takenAt) })))
    .filter(({ atMs }) => atMs > madeMs + clockLeewayMs)
    .sort((one, other) => other.atMs - one.atMs);
  // What is of the future even now says that its own clock was wrong, and nothing of the set's.
  const evidence = younger.filter(({ atMs }) => atMs <= nowMs + clockLeewayMs);
  const clocks = new Set(evidence.map(({ of }) => of));
  const [youngest] = clocks.size > 1 ? evidence : younger;
  if (youngest !== undefined) {
    const words = `the set says that it was made at ${manifest.createdAt}, and ${youngest.what} in it is of ${new Date(youngest.atMs).toISOString()}`;
    if (clocks.size > 1)
      problems.push(
        `${words}; ${String(clocks.size)} clocks agree (${[...clocks].join(", ")}): the clock of the machine that made it was in the past`,
      );
    else missing.push(`${words}: the clock of the machine that made it was in the past, or that of the other in the future`);
  }
  return { problems, missing, compared: [`made at ${manifest.createdAt}, and nothing in it is younger`] };
}
