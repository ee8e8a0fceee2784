/** Days, weeks and months of UTC: the same on every machine that prunes. */

/** "2026-11-22" */
export function dayOf(createdAt: string): string {
  return createdAt.slice(0, 10);
}

/** "2026-11" */
export function monthOf(createdAt: string): string {
  return createdAt.slice(0, 7);
}

const dayMs = 86_400_000;

/** The Monday of its week: "2026-11-16". Weeks begin on Monday (ISO 8601). */
export function weekOf(createdAt: string): string {
  const atMs = Date.parse(`${dayOf(createdAt)}T00:00:00.000Z`);
  const daysSinceMonday = (new Date(atMs).getUTCDay() + 6) % 7;
  return new Date(atMs - daysSinceMonday * dayMs).toISOString().slice(0, 10);
}
