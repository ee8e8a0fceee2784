import { RecoveryError, type Remedy } from "../model/recovery-error.ts";
import { shellWord } from "../model/shell-word.ts";
import { commandName } from "./command-table.ts";
import type { ParsedCommand } from "./build-program.ts";

/**
 * The error of a call that Ctrl-C, a signal or --timeout stopped: what is left
 * of it, and what to do next. `reason` is why the call's signal was aborted.
 * A run that was stopped is no error but a result and never comes here: what
 * throws in `apply` and `recover` after the signal, threw before a run began.
 */
export function stoppedError(reason: RecoveryError, parsed: ParsedCommand, words: readonly string[]): RecoveryError {
  const verb = commandName(parsed.spec);
  const again: Remedy =
    reason.code === "INTERRUPTED"
      ? { why: "start again", command: `requorum ${words.map(shellWord).join(" ")}` }
      : { why: "give it more time: a longer --timeout, or none" };
  const { left, next } = leftBy(verb, parsed);
  return new RecoveryError(reason.code, {
    subject: `requorum ${verb}`,
    detail: `${reason.detail}; ${left}`,
    remedies: next === undefined ? [again] : [next, again],
  });
}

interface Left {
  readonly left: string;
  readonly next?: Remedy;
}

/** What a call that was stopped leaves behind, and the way out where it is not simply to start again. */
function leftBy(verb: string, { options, args }: ParsedCommand): Left {
  const lab = shellWord(typeof options["name"] === "string" ? options["name"] : "lab");
  switch (verb) {
    case "apply":
    case "recover":
    case "backup restore":
      return { left: "no run was begun, and nothing was changed" };
    case "resume": {
      const run = typeof args["run"] === "string" ? ` ${shellWord(args["run"])}` : "";
      return { left: "the run is as it was", next: { why: "see how far it came", command: `requorum runs show${run}` } };
    }
    case "lab up":
      return {
        left: `what was made so far of lab ${lab} remains`,
        next: { why: "take it away", command: `requorum lab down --name ${lab}` },
      };
    case "lab down":
      return { left: `part of lab ${lab} may remain`, next: { why: "take the rest away", command: `requorum lab down --name ${lab}` } };
    case "lab break":
    case "lab heal":
      return { left: "it may be done by half", next: { why: "look", command: `requorum lab status --name ${lab}` } };
    case "lab ssh":
      return { left: "what it began on the machine may go on there" };
    case "snapshot restore":
      return { left: "the data dir was not made; a directory .NAME.requorum-NUMBER beside it may remain, and may be removed" };
    default:
      return leftByBackup(verb, options) ?? { left: "nothing was changed" };
  }
}

/** Of verbs that write to a store or this machine; the others change nothing. */
function leftByBackup(verb: string, options: ParsedCommand["options"]): Left | undefined {
  switch (verb) {
    case "backup run":
      return {
        left: "a set that is listed is whole, though it may not be proven yet; one that was not finished is listed nowhere, and what is stored of it is taken away, at the latest by the next one who writes there",
        next: { why: "see how far it came", command: "requorum backup timer show" },
      };
    case "backup create":
      return {
        left: "a set that was not finished is listed nowhere, and what is stored of it is taken away, at the latest by the next one who writes there",
        next: { why: "see which sets there are", command: "requorum backup list" },
      };
    case "backup copy":
      return { left: "a copy that was not finished is not listed there; what was copied stays, and the same call goes on from there" };
    case "backup prune":
      return {
        left: "sets may have gone aside already; no listed set misses anything, and the next call ends the work",
        next: { why: "see which are left", command: "requorum backup list" },
      };
    case "backup verify":
    case "backup drill":
      return { left: "no set was changed, and nothing is proven that was not before, unless its proof is listed" };
    case "backup timer":
      return { left: "it may be done by half", next: { why: "look", command: "requorum backup timer show" } };
    case "backup unseal": {
      const to = typeof options["to"] === "string" ? options["to"] : "its target";
      return {
        left: `nothing was put at ${to}; what was begun beside it, in clear, is taken away, at the latest by the next call with the same --to`,
      };
    }
    default:
      return undefined;
  }
}
