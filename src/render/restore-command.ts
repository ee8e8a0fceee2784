import type { RestorePartsGoal } from "../model/plan.ts";
import { shellWord } from "../model/shell-word.ts";

/** The call that plans the same once more: `requorum plan` never plans that files of a set are put back. */
export function restoreCommand({ set, host, parts, accepts }: RestorePartsGoal): string {
  const wishes = parts.map((part) => (part.startsWith("/") ? `--path ${shellWord(part)}` : `--kind ${part}`));
  const accepted = accepts.map((word) => `--accept ${shellWord(word)}`);
  return ["requorum backup restore", set, "--host", host, ...wishes, ...accepted].join(" ");
}
