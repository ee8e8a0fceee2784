import type { FoundCertificate } from "./found-certificates.ts";
import { isOfKubelet } from "./found-certificates.ts";
import { counted } from "./level-result.ts";
import { placeOf, type CheckedParts, type SetEvidence } from "./set-content.ts";

/** Whoever restores needs some days; and kubeadm renews with every upgrade, which some clusters see once a quarter. */
const soonMs = 30 * 86_400_000;
const shownMax = 5;

/**
 * When certificates are valid: at the time of the set, and now. With an
 * authority that had expired nobody in the cluster trusted anybody, so that no
 * restore of it works as it is. One that expired since is no fault of the set,
 * and goes by the clock here. Other certificates are issued anew from their
 * authority: it is only told. `authorities`: those that signed something of
 * the cluster, and those in one file with them.
 */
export function checkValidity(
  authorities: readonly FoundCertificate[],
  leaves: readonly FoundCertificate[],
  { manifest, nowMs }: SetEvidence,
): CheckedParts {
  const madeMs = Date.parse(manifest.createdAt);
  const problems: string[] = [];
  const missing: string[] = [];
  const told: string[] = [];
  for (const { place, endMs } of lastOfEach(authorities)) {
    const end = new Date(endMs).toISOString();
    if (endMs < madeMs)
      problems.push(`${place}: the authority expired at ${end}, before the set was made: no program of the cluster trusts another with it`);
    else if (endMs < nowMs)
      missing.push(`${place}: the authority expired at ${end}, after the set was made: it must be renewed when the set is restored`);
    else if (endMs < nowMs + soonMs) told.push(`${place}: the authority expires at ${end}`);
  }
  const ending = leaves
    .filter(({ from }) => !isOfKubelet(from))
    .map(({ from, content }) => ({ place: placeOf(from.part), endMs: Date.parse(content.notAfter) }));
  const expiredThen = ending.filter(({ endMs }) => endMs < madeMs);
  const expiredSince = ending.filter(({ endMs }) => endMs >= madeMs && endMs < nowMs);
  const soon = ending.filter(({ endMs }) => endMs >= nowMs && endMs < nowMs + soonMs);
  const renew = "with the authorities of the set they are renewed after a restore, before its programs start";
  if (expiredThen.length > 0) told.push(`${named(expiredThen)} expired already when the set was made: ${renew}`);
  if (expiredSince.length > 0) told.push(`${named(expiredSince)} expired since the set was made: ${renew}`);
  if (soon.length > 0) told.push(`${named(soon)} expire${soon.length === 1 ? "s" : ""} within 30 days`);
  return { problems, missing, compared: told };
}

/** Beside a renewed one in the same file the old one may have expired. */
function lastOfEach(authorities: readonly FoundCertificate[]): readonly { readonly place: string; readonly endMs: number }[] {
  const last = new Map<string, number>();
  for (const { from, content } of authorities) {
    const place = placeOf(from.part);
    last.set(place, Math.max(last.get(place) ?? 0, Date.parse(content.notAfter)));
  }
  return [...last].map(([place, endMs]) => ({ place, endMs }));
}

function named(ending: readonly { readonly place: string }[]): string {
  const places = ending.map(({ place }) => place);
  const rest = places.length - shownMax;
  return `${counted(places.length, "certificate")} (${places.slice(0, shownMax).join(", ")}${rest > 0 ? ` and ${String(rest)} more` : ""})`;
}
