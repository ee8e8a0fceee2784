import type { FirstReadableWish, RemoteFile } from "../../ports/host-access.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { quoteShellWord } from "./quote-shell-word.ts";

/**
 * Several wishes for the first readable group of files, answered by one
 * script: a session costs a machine more than the reading does. Output, per
 * wish: a line `none`, or a line `found PLACE` with the group's place, and one
 * line of base64 per file. `base64 -w0` is that of coreutils and busybox.
 */
export function firstReadableScript(wishes: readonly FirstReadableWish[]): string {
  return [
    `show() { for f; do base64 -w0 <"$f" || exit 1; echo; done; }`,
    ...wishes.map(({ groups }) => {
      const branches = groups.map((group, place) => {
        const words = group.map(quoteShellWord);
        const isReadable = [":", ...words.map((word) => `[ -f ${word} ] && [ -r ${word} ]`)].join(" && ");
        return `if ${isReadable}; then echo 'found ${String(place)}'; show ${words.join(" ")}; el`;
      });
      return branches.length === 0 ? "echo none" : `${branches.join("")}se echo none; fi`;
    }),
  ].join("\n");
}

/** One entry per wish, in order. REMOTE_ANSWER_MALFORMED where the output is not that of the script. */
export function parseFirstReadable(
  output: string,
  wishes: readonly FirstReadableWish[],
  subject: string,
): readonly (readonly RemoteFile[] | undefined)[] {
  const lines = output.split("\n");
  let at = 0;
  const next = (): string => {
    const line = lines[at++];
    if (line === undefined) throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject, detail: "the answer ended before all files" });
    return line;
  };
  return wishes.map(({ groups }) => {
    const head = next();
    if (head === "none") return undefined;
    const group = head.startsWith("found ") ? groups[Number(head.slice("found ".length))] : undefined;
    if (group === undefined) throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject, detail: "a line names none of the files" });
    return group.map((path) => ({ path, content: new Uint8Array(Buffer.from(next(), "base64")) }));
  });
}
