/** What a file is worth nothing without: the other half of its key, and what a link leads to. Of those that nobody asked for the machine's own counts. */
import type { OpenSet } from "../../catalogue/set-reader.ts";
import type { SeenFile } from "../../execute/observe/look-at-files.ts";
import type { HostName } from "../../model/ids.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { KeyMatcher } from "../../ports/certificates.ts";
import { partsOfHost } from "./chosen-parts.ts";
import { targetOf, type ReadPart } from "./wanted-parts.ts";

export interface Companion {
  readonly of: ReadPart;
  readonly path: string;
}

/** Those that the set has, and that were not asked for. */
export function companionsOf(set: OpenSet, host: HostName, parts: readonly ReadPart[]): readonly Companion[] {
  const chosen = new Set(parts.map(({ part }) => part.path));
  const inSet = new Set(partsOfHost(set, host).map(({ path }) => path));
  return parts.flatMap((of) => {
    const { type, path, target = "" } = of.part;
    const companion = type === "symlink" ? targetOf(path, target) : otherHalf(path);
    return companion !== undefined && inSet.has(companion) && !chosen.has(companion) ? [{ of, path: companion }] : [];
  });
}

/** Why the file would be worth nothing beside what the machine has there; undefined: nothing is known against it. */
export function companionProblem(keyMatcher: KeyMatcher, { of, path }: Companion, now: SeenFile | undefined): string | undefined {
  const both = `Put both back: --path ${shellWord(of.part.path)} --path ${shellWord(path)}.`;
  if (of.part.type === "symlink")
    return now?.state?.kind === "absent" ? `${of.part.path} of the set leads to ${path}, which is not on the machine. ${both}` : undefined;
  if (now?.state?.kind !== "file" || now.content === undefined) return undefined;
  const [one, other] = [of.content, now.content].map((content) => keyMatcher.publicKeyId(new TextDecoder().decode(content)));
  if (one === undefined || other === undefined || one === other) return undefined;
  return `${of.part.path} of the set and ${path} on the machine are not of one key: a program that reads both would not start. ${both}`;
}

/** kubeadm: NAME.crt and NAME.key, sa.pub and sa.key; kubespray's etcd: NAME.pem and NAME-key.pem. */
function otherHalf(path: string): string | undefined {
  if (path.endsWith("/sa.key")) return path.replace(/key$/, "pub");
  if (path.endsWith("/sa.pub") || path.endsWith(".crt")) return path.replace(/(?:pub|crt)$/, "key");
  if (path.endsWith(".key")) return path.replace(/key$/, "crt");
  if (path.endsWith("-key.pem")) return path.replace(/-key\.pem$/, ".pem");
  return path.endsWith(".pem") ? path.replace(/\.pem$/, "-key.pem") : undefined;
}
