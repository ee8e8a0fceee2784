import { bashCompletion } from "./bash-completion.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { globalOptions, groupSummaries } from "./global-option-specs.ts";

export type Shell = "bash" | "zsh" | "fish";

/** The completion script of a shell, made from the table of verbs. It calls no program at completion time. */
export function completionScript(shell: Shell, specs: readonly CommandSpec[]): string {
  switch (shell) {
    case "bash":
      return bashCompletion(specs);
    case "zsh":
      return `#compdef requorum\nautoload -U +X bashcompinit && bashcompinit\n${bashCompletion(specs)}`;
    case "fish":
      return fishScript(specs);
    default:
      return shell satisfies never;
  }
}

function firstWords(specs: readonly CommandSpec[]): readonly string[] {
  return [...new Set(specs.flatMap((spec) => spec.path.slice(0, 1)))];
}

function fishScript(specs: readonly CommandSpec[]): string {
  const quote = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const option = (condition: string, spec: OptionSpec): string => {
    const offered = spec.choices ?? spec.offers ?? [];
    const words = [
      `complete -c requorum${condition} -l ${spec.name}`,
      ...(spec.short === undefined ? [] : [`-s ${spec.short}`]),
      ...(spec.value === undefined ? [] : ["-r"]),
      ...(offered.length === 0 ? [] : [`-a ${quote(offered.join(" "))}`]),
      `-d ${quote(spec.describes)}`,
    ];
    return words.join(" ");
  };
  const lines = [...globalOptions.map((spec) => option("", spec))];
  for (const first of firstWords(specs)) {
    const single = specs.find((spec) => spec.path.length === 1 && spec.path[0] === first);
    lines.push(`complete -c requorum -n __fish_use_subcommand -a ${first} -d ${quote(single?.summary ?? groupSummaries[first] ?? first)}`);
  }
  for (const spec of specs) {
    const [first = "", second] = spec.path;
    const seen =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
    if (second !== undefined)
      lines.push(`complete -c requorum -n ${quote(`__fish_seen_subcommand_from ${first}`)} -a ${second} -d ${quote(spec.summary)}`);
    for (const argument of spec.arguments ?? [])
      if (argument.choices !== undefined) lines.push(`complete -c requorum -n ${quote(seen)} -a ${quote(argument.choices.join(" "))}`);
    for (const own of spec.options ?? []) lines.push(option(` -n ${quote(seen)}`, own));
  }
  return `${lines.join("\n")}\n`;
}
