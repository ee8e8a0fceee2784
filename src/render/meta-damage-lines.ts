import type { MetaDamage } from "../model/file-inspection.ts";
import { bad, line, warn, type Page } from "./page.ts";

/** Of a database one of whose meta pages is damaged; nothing of any other. */
export function metaDamageLines(file: string, damage: MetaDamage | undefined): Page {
  if (damage === undefined) return [];
  const words = `${file}: ${damage.what}`;
  return [line(damage.isInLog ? warn(words) : bad(words))];
}
