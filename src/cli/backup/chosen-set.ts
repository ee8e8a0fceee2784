import { assertTrusted, findSet, type PassedOver } from "../../app/backup/find-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { shellWord } from "../../model/shell-word.ts";
import { hasFlag, listArgument, listOption, textArgument, textOption, type Invocation } from "../command-spec.ts";
import { command, line, warn } from "../../render/page.ts";
import type { PassedOverLine } from "../../render/status-document.ts";
import { onChosenCluster } from "../chosen-cluster.ts";
import { printNote } from "../print-result.ts";
import { nameOrLatest } from "./set-name.ts";
import type { OpenSets } from "./open-sets.ts";

/** The set that is meant, if a known key signed it; without a name the newest. USAGE, BACKUP_SET_NOT_FOUND, BACKUP_SET_UNTRUSTED, BACKUP_SET_DAMAGED. */
export async function chosenSet(
  invocation: Invocation,
  { reading, cluster, keys, nowMs }: OpenSets,
  name: string | undefined,
  { onPassedOver } = tellPassedOver(invocation),
): Promise<BackupSetId> {
  const wanted = nameOrLatest(name, cluster);
  const context = { backup: { ...reading, keys }, trust: reading.trust, signal: invocation.cli.signal };
  const again = (id: string) =>
    calledWords(invocation, { [wanted]: id })
      .map(shellWord)
      .join(" ");
  const readsPieces = ["backup get", "backup diff"].includes(invocation.verb);
  const ofDamaged = readsPieces ? again : (id: string) => `requorum backup get ${id}`;
  const found = await findSet(context, { name: wanted, cluster, nowMs, onPassedOver, again, ofDamaged });
  assertTrusted(found, again);
  return found.id;
}

/** `latest` is not the newest that lies there: said on standard error, and in the document, as standard error is silent where a program reads. */
export function tellPassedOver(invocation: Invocation): {
  readonly onPassedOver: (set: PassedOver) => void;
  /** So far; for the document. */
  readonly passedOver: readonly PassedOverLine[];
} {
  const { cli } = invocation;
  const passedOver: PassedOverLine[] = [];
  const onPassedOver = ({ id, words, signer }: PassedOver): void => {
    const typed = signer === undefined ? undefined : [...calledWords(invocation, { latest: id }), "--trust-signer", signer];
    const call = typed?.map(shellWord).join(" ");
    passedOver.push({ id, because: words, command: call === undefined ? undefined : onChosenCluster(call, cli.global) });
    printNote(cli, [line(warn(words)), ...(call === undefined ? [] : [command(call, "take that one")])]);
  };
  return { onPassedOver, passedOver };
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
