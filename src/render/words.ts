/** Small pieces of text that several pages need in the same words. */
import type { Severity } from "../model/finding.ts";
import type { QuorumState } from "../model/quorum.ts";
import { dim, type Span, type Tone } from "./page.ts";

/** "3 of 3 voters, 2 needed: survives 1 more failure" */
export function quorumWords(quorum: QuorumState): string {
  return `${String(quorum.healthy)} of ${String(quorum.voters)} voters healthy, ${String(quorum.needed)} needed: ${toleranceWords(quorum.faultTolerance)}`;
}

export function toleranceWords(faultTolerance: number): string {
  if (faultTolerance < 0) return `quorum is lost, ${String(-faultTolerance)} short`;
  if (faultTolerance === 0) return "survives no further failure";
  return `survives ${count(faultTolerance, "more failure")}`;
}

/** "1 voter", "3 voters" */
export function count(value: number, singular: string, plural = `${singular}s`): string {
  return `${String(value)} ${value === 1 ? singular : plural}`;
}

/** "1.4 MiB": two significant digits are enough for a person. */
export function bytesWords(bytes: bigint | number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** "7.5 s", "3 min 20 s", "2 h 5 min", "4 d" */
export function secondsWords(seconds: number): string {
  if (seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 120) return `${String(whole)} s`;
  if (whole < 7200) return whole % 60 === 0 ? `${String(whole / 60)} min` : `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
  if (whole < 172_800) return `${String(Math.floor(whole / 3600))} h ${String(Math.floor((whole % 3600) / 60))} min`;
  return `${String(Math.floor(whole / 86_400))} d`;
}

/** "2 h 5 min old"; of no age what is dated in the future. */
export function ageWords({ ageSeconds, createdAt }: { readonly ageSeconds: number | undefined; readonly createdAt: string }): string {
  return ageSeconds === undefined ? `dated in the future (${createdAt})` : `${secondsWords(ageSeconds)} old`;
}

export function severityTone(severity: Severity): Tone {
  switch (severity) {
    case "critical":
    case "error":
      return "bad";
    case "warning":
      return "warn";
    case "info":
      return "dim";
    default:
      return severity satisfies never;
  }
}

/** undefined is shown as what it is: not known. */
export function orUnknown(value: string | number | bigint | undefined): string | Span {
  return value === undefined ? dim("unknown") : String(value);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "2026-11-21 03:15:02 UTC" */
export function timeWords(iso: string): string {
  return iso.replace(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}).*$/, "$1 $2 UTC");
}
