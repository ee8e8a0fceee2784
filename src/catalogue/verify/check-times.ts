import { placeOf, type CheckedParts, type SetEvidence } from "./set-content.ts";

/** Machines whose clocks are kept by NTP differ by less than a second; without it a few minutes are common. */
const clockLeewayMs = 10 * 60_000;

/**
 * When the set was made, by other evidence than its own word: nothing in it
 * can be younger than the set. One of the future is not judged: the clock that
 * is wrong may be the one here. A wrong
 * clock makes retention keep the wrong sets.
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
  const [youngest] = parts
    .map((part) => ({ what: placeOf(part), atMs: part.modifiedAt * 1000 }))
    .concat(lastSeen.map(({ from, facts }) => ({ what: `what ${from} saw of the cluster`, atMs: Date.parse(facts.takenAt) })))
    .sort((one, other) => other.atMs - one.atMs);
  if (youngest !== undefined && youngest.atMs > madeMs + clockLeewayMs)
    problems.push(
      `the set says that it was made at ${manifest.createdAt}, and ${youngest.what} in it is of ${new Date(youngest.atMs).toISOString()}: the clock of the machine that made it was in the past, or that of the other in the future`,
    );
  return { problems, missing, compared: [`made at ${manifest.createdAt}, and nothing in it is younger`] };
}
