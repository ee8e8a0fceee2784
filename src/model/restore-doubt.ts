/** What cannot be proven of files that are put back, and what a person may accept by name. */
import type { HostName } from "./ids.ts";
import { soonerWords, type RestoredFile } from "./restored-file.ts";
import { shellWord } from "./shell-word.ts";

export const restoreDoubts = ["OTHER_CA", "OTHER_KEYS", "OTHER_CLUSTER_ID", "EXPIRED"] as const;
export type RestoreDoubt = (typeof restoreDoubts)[number];

/** As it is typed: of every file that the doubt is about, or of one alone. */
export type RestoreAcceptance = RestoreDoubt | `${RestoreDoubt}=/${string}`;

/** One doubt with the files that it is about. In a step's arguments: accepted for exactly these. */
export interface DoubtedFiles {
  readonly doubt: RestoreDoubt;
  /** What is seen, or what is missing: the beginning of a sentence. */
  readonly because: string;
  readonly files: readonly DoubtedFile[];
}

export interface DoubtedFile extends Standing {
  readonly path: string;
  /** What is seen of this file alone. */
  readonly says?: string | undefined;
}

/** How files that machines have in common stand to those of the others. Whoever accepts it accepts no more than this. */
export interface Standing {
  /** Other machines that were seen with another file, and which. */
  readonly against: readonly SeenElsewhere[];
  /** Paths of which no other machine says anything. */
  readonly notKnown: readonly string[];
}

export interface SeenElsewhere {
  readonly host: HostName;
  readonly path: string;
  readonly tag: string;
}

export function isRestoreAcceptance(word: string): word is RestoreAcceptance {
  return restoreDoubts.some((doubt) => word === doubt || word.startsWith(`${doubt}=/`));
}

export function isAccepted(typed: readonly RestoreAcceptance[], doubt: RestoreDoubt, path: string): boolean {
  return typed.includes(doubt) || isAcceptedByPath(typed, doubt, path);
}

export function isAcceptedByPath(typed: readonly RestoreAcceptance[], doubt: RestoreDoubt, path: string): boolean {
  return typed.some((word) => word === `${doubt}=${path}`);
}

/** What an operator must have seen before he agrees, a line each. */
export function consentWords({
  files,
  accepts,
}: {
  readonly files: readonly Pick<RestoredFile, "path" | "ends">[];
  readonly accepts: readonly DoubtedFiles[];
}): readonly string[] {
  const ended = new Set(accepts.filter(({ doubt }) => doubt === "EXPIRED").flatMap((one) => one.files.map(({ path }) => path)));
  return [
    ...accepts.map((one) => `accepted though not proven: ${doubtWords(one)}`),
    ...soonerWords(files.filter(({ path }) => !ended.has(path))),
  ];
}

/** "EXPIRED (a program refuses a certificate that has ended): /a (ended DATE), /b (ended DATE)" */
function doubtWords({ doubt, because, files }: DoubtedFiles): string {
  return `${doubt} (${because}): ${fileWords(files)}`;
}

export function refusalWords({ doubt, because, files }: DoubtedFiles): string {
  const [first] = files;
  const one = first === undefined || files.length < 2 ? "" : `, or for one file alone, as --accept ${shellWord(`${doubt}=${first.path}`)}`;
  const word = because.charAt(0).toUpperCase() + because.slice(1);
  return `${word}. It is about ${fileWords(files)}. If you know that it is right all the same, say so: --accept ${doubt}${one}.`;
}

function fileWords(files: DoubtedFiles["files"]): string {
  return files.map(({ path, says }) => (says === undefined ? path : `${path} (${says})`)).join(", ");
}
