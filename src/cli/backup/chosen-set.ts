import { assertTrusted, findSet, type PassedOver } from "../../app/backup/find-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { shellWord } from "../../model/shell-word.ts";
import { hasFlag, listArgument, listOption, textArgument, textOption, type Invocation } from "../command-spec.ts";
import { command, line, warn } from "../../render/page.ts";
import { printNote } from "../print-result.ts";
import { nameOrLatest } from "./set-name.ts";
import type { OpenSets } from "./open-sets.ts";

/** The set that is meant, if a known key signed it; without a name the newest. USAGE, BACKUP_SET_NOT_FOUND, BACKUP_SET_UNTRUSTED, BACKUP_SET_DAMAGED. */
export async function chosenSet(
  invocation: Invocation,
  { reading, cluster, keys, nowMs }: OpenSets,
  name: string | undefined,
): Promise<BackupSetId> {
  const wanted = nameOrLatest(name, cluster);
  const context = { backup: { ...reading, keys }, trust: reading.trust, signal: invocation.cli.signal };
  const again = (id: string) =>
    calledWords(invocation, { [wanted]: id })
      .map(shellWord)
      .join(" ");
  const found = await findSet(context, { name: wanted, cluster, nowMs, onPassedOver: tellPassedOver(invocation), again });
  assertTrusted(found, again);
  return found.id;
}

/** On standard error, beside whatever the verb says: `latest` is not the newest that lies there. */
export function tellPassedOver(invocation: Invocation): (set: PassedOver) => void {
  return ({ id, words, signer }) => {
    const call = signer === undefined ? [] : [...calledWords(invocation, { latest: id }), "--trust-signer", signer];
    printNote(invocation.cli, [line(warn(words)), ...(call.length === 0 ? [] : [command(call.map(shellWord).join(" "), "take that one")])]);
  };
}

/** This very call, with sets by their whole names. */
export function calledWords(invocation: Invocation, names: { readonly [typed: string]: string }): readonly string[] {
  const spec = invocation.table.find(({ path }) => path.join(" ") === invocation.verb);
  const args = (spec?.arguments ?? []).flatMap(({ name }, at) => {
    const typed = textArgument(invocation, name);
    if (typed === undefined) return at === 0 && name === "set" ? (names["latest"] ?? []) : listArgument(invocation, name);
    return names[typed] ?? typed;
  });
  return ["requorum", ...(spec?.path ?? []), ...args, ...optionWords(invocation)];
}

/** The options of this call, or those of them that are named. */
export function optionWords(invocation: Invocation, only?: readonly string[]): readonly string[] {
  const spec = invocation.table.find(({ path }) => path.join(" ") === invocation.verb);
  return (spec?.options ?? []).flatMap(({ name, value }) => {
    if (only !== undefined && !only.includes(name)) return [];
    if (value === undefined) return hasFlag(invocation, name) ? [`--${name}`] : [];
    const one = textOption(invocation, name);
    const values = one === undefined ? listOption(invocation, name) : [one];
    return values.flatMap((each) => [`--${name}`, each]);
  });
}
