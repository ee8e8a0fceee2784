import { asidePrefix } from "../../formats/backup-set/set-names.ts";
import { assertInvariant } from "../../model/recovery-error.ts";

/** What every store can keep as a name: plain letters, parts that are no "." or "..", no part twice as long as any of ours. */
const form = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,7}$/;

export function isObjectName(name: string): boolean {
  return form.test(name);
}

/** Names are made by us; one that is none is a bug, and must not become a path. */
export function assertObjectName(name: string): void {
  assertInvariant(isObjectName(name), `${JSON.stringify(name)} is no name of an object of a backup store`);
}

/** What was put aside is in no listing but that of "aside/". */
export function isHidden(name: string, prefix: string): boolean {
  return name.startsWith(asidePrefix) && !prefix.startsWith(asidePrefix);
}
