import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { globalOptions, groupSummaries } from "./global-option-specs.ts";

export type Shell = "bash" | "zsh" | "fish";

/** The completion script of a shell, made from the table of verbs. It calls nothing at completion time. */
export function completionScript(shell: Shell, specs: readonly CommandSpec[]): string {
  switch (shell) {
    case "bash":
      return bashScript(specs);
    case "zsh":
      return `#compdef requorum\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(specs)}`;
    case "fish":
      return fishScript(specs);
    default:
      return shell satisfies never;
  }
}

const optionWords = (options: readonly OptionSpec[]): readonly string[] =>
  options.flatMap((option) => [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])]);

function firstWords(specs: readonly CommandSpec[]): readonly string[] {
  return [...new Set(specs.flatMap((spec) => spec.path.slice(0, 1)))];
}

function bashScript(specs: readonly CommandSpec[]): string {
  const cases = specs.map((spec) => {
    const words = [
      ...(spec.arguments ?? []).flatMap((argument) => argument.choices ?? []),
      ...optionWords([...(spec.options ?? []), ...globalOptions]),
    ];
    return `    "${spec.path.join(" ")}") words="${words.join(" ")}" ;;`;
  });
  const groups = Object.keys(groupSummaries).map((group) => {
    const verbs = specs.filter((spec) => spec.path[0] === group).flatMap((spec) => spec.path[1] ?? []);
    return `    "${group}") words="${verbs.join(" ")}" ;;`;
  });
  const choices = [...globalOptions, ...specs.flatMap((spec) => spec.options ?? [])].filter((option) => option.choices !== undefined);
  const values = [...new Map(choices.map((option) => [option.name, option])).values()].map(
    (option) =>
      `    --${option.name}${option.short === undefined ? "" : `|-${option.short}`}) COMPREPLY=($(compgen -W "${(option.choices ?? []).join(" ")}" -- "$current")); return ;;`,
  );
  return `_requorum() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words="" verb="" word
  case "$previous" in
${values.join("\n")}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      -*) ;;
      *) if [ -z "$verb" ]; then verb="$word"
         elif case "$verb" in ${Object.keys(groupSummaries).join("|")}) true ;; *) false ;; esac; then verb="$verb $word"; fi ;;
    esac
  done
  case "$verb" in
    "") words="${[...firstWords(specs), "help", "--help", "--version", ...optionWords(globalOptions)].join(" ")}" ;;
${[...groups, ...cases].join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _requorum requorum
`;
}

function fishScript(specs: readonly CommandSpec[]): string {
  const quote = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const option = (condition: string, spec: OptionSpec): string =>
    `complete -c requorum${condition} -l ${spec.name}${spec.short === undefined ? "" : ` -s ${spec.short}`}${spec.value === undefined ? "" : " -r"}${spec.choices === undefined ? "" : ` -a ${quote(spec.choices.join(" "))}`} -d ${quote(spec.describes)}`;
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
