import { valueOf } from "../../model/observation.ts";
import type { HostView } from "./host-view.ts";
import type { Situation } from "./situation.ts";

/** Whose clock is believed, and who is away from it. */
export interface ClockView {
  /** The time to judge certificates by, ms since the epoch. */
  readonly referenceMs: number;
  /** More than two clocks were compared, so that the odd one stands out. */
  readonly isMajority: boolean;
  /** Offset from the reference, ms; the operator's own clock is `undefined` host. */
  readonly away: readonly { readonly host: HostView | undefined; readonly offsetMs: number }[];
  readonly compared: number;
}

/**
 * etcd warns at 1 s between peers (etcd-src, rafthttp probing). Two seconds
 * leave room for the error of one measurement over SSH; a round trip slower
 * than that is allowed for below.
 */
const driftNotedMs = 2000;

export function clockView(situation: Situation): ClockView {
  const clocks = situation.hosts.flatMap((host) => {
    const offsetMs = valueOf(host.facts.machine)?.clockOffsetMs;
    return offsetMs === undefined ? [] : [{ host, offsetMs, errorMs: valueOf(host.facts.ssh)?.roundTripMs ?? 0 }];
  });
  const all = [{ host: undefined, offsetMs: 0, errorMs: 0 }, ...clocks];
  const isMajority = all.length > 2;
  const sorted = all.map((clock) => clock.offsetMs).sort((a, b) => a - b);
  // With two clocks nobody is outvoted; the operator's is used because takenAt was read from it.
  const reference = isMajority ? (sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) : 0;
  return {
    referenceMs: Date.parse(situation.inventory.takenAt) + reference,
    isMajority,
    away: all
      .filter((clock) => Math.abs(clock.offsetMs - reference) > driftNotedMs + clock.errorMs)
      .map(({ host, offsetMs }) => ({ host, offsetMs: offsetMs - reference })),
    compared: all.length,
  };
}

/** "3 d 4 h", "12 s": for people; the exact number is in the inventory. */
export function durationWords(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds < 120) return `${String(seconds)} s`;
  if (seconds < 7200) return `${String(Math.round(seconds / 60))} min`;
  if (seconds < 172_800) return `${String(Math.round(seconds / 3600))} h`;
  return `${String(Math.round(seconds / 86_400))} d`;
}
