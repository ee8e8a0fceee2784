import type { CommandModule } from "../command-spec.ts";
import { textArgument } from "../command-spec.ts";
import { completionScript } from "../completion-scripts.ts";

export const command: CommandModule = {
  run(invocation) {
    const shell = textArgument(invocation, "shell");
    invocation.cli.terminal.result(completionScript(shell === "zsh" || shell === "fish" ? shell : "bash", invocation.table));
    return Promise.resolve("done");
  },
};
