import type { CommandModule, CommandSpec } from "../command-spec.ts";
import { textArgument } from "../command-spec.ts";
import { completionScript } from "../completion-scripts.ts";
import { codeList } from "./explain.ts";

export const command: CommandModule = {
  run(invocation) {
    const shell = textArgument(invocation, "shell");
    invocation.cli.terminal.result(completionScript(shell === "zsh" || shell === "fish" ? shell : "bash", withCodes(invocation.table)));
    return Promise.resolve("done");
  },
};

/** `explain` takes any code and the beginnings of one: in the table they are no choices, which would be all that it may be. */
function withCodes(table: readonly CommandSpec[]): readonly CommandSpec[] {
  const choices = codeList.codes.map(({ code }) => code);
  return table.map((spec) =>
    spec.path[0] === "explain" ? { ...spec, arguments: (spec.arguments ?? []).map((argument) => ({ ...argument, choices })) } : spec,
  );
}
