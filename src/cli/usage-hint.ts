import type { Remedy } from "../model/recovery-error.ts";
import { shellWord } from "../model/shell-word.ts";
import { closestWord } from "../schemas/closest-word.ts";

/** What was probably meant. `detail` goes on where the error says what is wrong. */
export interface UsageHint {
  readonly detail: string;
  readonly remedies: readonly Remedy[];
}

interface WrongWord {
  /** The call's words, without the program's name. */
  readonly words: readonly string[];
  /** The group or verb as far as it was understood: "snapshot", "snapshot restore". */
  readonly path: string;
  /** The word that was not understood. */
  readonly wrong: string;
  /** What the parser holds to be near. It goes further than is good for a command that somebody may copy. */
  readonly suggested: readonly string[];
  /** Verbs of groups that end in that word: "backup verify". */
  readonly homes: readonly (readonly string[])[];
}

/** What a word of another program is here: what kubectl, etcdctl and etcdutl have taught the hands. */
export function usageHint(found: WrongWord): UsageHint | undefined {
  // Of `--option=value` the parser names the whole.
  const given = { ...found, wrong: found.wrong.startsWith("-") ? found.wrong.replace(/=.*$/s, "") : found.wrong };
  return outputHint(given) ?? groupHint(given) ?? otherVerbHint(given) ?? nearHint(given);
}

/** etcdctl's `-w json`, `--write-out=table`, and many others' `--json`. */
function outputHint({ words, wrong }: WrongWord): UsageHint | undefined {
  const short = /^--(json|yaml)$/.exec(wrong)?.[1];
  if (short !== undefined)
    return {
      detail: "the form of the result is -o text, json or yaml",
      remedies: [perhaps([...words.filter((word) => word !== wrong), "-o", short])],
    };
  const found = /^(?:-w|--write-out)(?:=?([a-z]+))?$/.exec(wrong);
  const at = words.findIndex((word) => word === wrong || word.startsWith(`${wrong}=`));
  if (found === null || at < 0) return undefined;
  const joined = found[1] ?? words[at]?.slice(wrong.length + 1) ?? "";
  const wanted = joined === "" ? words[at + 1] : joined;
  const format = wanted === "json" || wanted === "yaml" ? wanted : "text";
  const rest = [...words.slice(0, at), ...words.slice(at + (joined === "" ? 2 : 1)), "-o", format];
  return { detail: "the form of the result is -o text, json or yaml", remedies: [perhaps(rest)] };
}

/** `requorum drill`, which is one of the verbs of a group. */
function groupHint({ words, path, wrong, homes }: WrongWord): UsageHint | undefined {
  if (path !== "" || homes.length === 0) return undefined;
  return {
    detail: `there is ${homes.map((home) => home.join(" ")).join(", ")}`,
    remedies: homes.map((home) => perhaps(words.flatMap((word) => (word === wrong ? home : [word])))),
  };
}

const otherVerbs: { readonly [word: string]: string | undefined } = {
  status: "inspect",
  info: "inspect",
  verify: "check",
  validate: "check",
  hash: "hashkv",
  compare: "diff",
  extract: "get",
};

function otherVerbHint({ words, path, wrong }: WrongWord): UsageHint | undefined {
  if (path !== "snapshot") return undefined;
  if (wrong === "save")
    return {
      detail: "a snapshot is saved with all that belongs to it, as a backup set; every verb here reads the running cluster as `live`",
      remedies: [
        { why: "snapshot, certificates, keys and settings together", command: "requorum backup create" },
        { why: "the file alone, on a control-plane machine", command: "etcdctl snapshot save backup.db" },
      ],
    };
  const meant = otherVerbs[wrong];
  return meant === undefined
    ? undefined
    : { detail: `here it is called ${meant}`, remedies: [perhaps(words.map((word) => (word === wrong ? meant : word)))] };
}

/** A slip of the finger: at most a third of the letters, dashes not counted. */
function nearHint({ words, wrong, suggested }: WrongWord): UsageHint | undefined {
  const bare = (word: string): string => word.replace(/^-+/, "");
  const near = closestWord(bare(wrong), suggested.map(bare));
  const meant = suggested.find((word) => bare(word) === near);
  if (meant === undefined) return undefined;
  const corrected = words.map((word) =>
    word === wrong ? meant : word.startsWith(`${wrong}=`) ? `${meant}${word.slice(wrong.length)}` : word,
  );
  return { detail: `did you mean ${meant}?`, remedies: [perhaps(corrected)] };
}

function perhaps(words: readonly string[]): Remedy {
  return { why: "perhaps", command: ["requorum", ...words.map(shellWord)].join(" ") };
}

/** `-o JSON`: a value that is right but for its capitals. */
export function choiceHint(words: readonly string[], message: string): readonly Remedy[] {
  const [, given = "", allowed = ""] = /argument '([^']+)' is invalid\. Allowed choices are ([^.]+)/.exec(message) ?? [];
  const meant = given.toLowerCase();
  if (meant === given || !allowed.split(", ").includes(meant)) return [];
  return [perhaps(words.map((word) => (word.endsWith(given) ? `${word.slice(0, -given.length)}${meant}` : word)))];
}
