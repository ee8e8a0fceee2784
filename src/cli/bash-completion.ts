import type { ArgumentSpec, CommandSpec, OptionSpec } from "./command-spec.ts";
import { globalOptions, groupSummaries } from "./global-option-specs.ts";

/** What can stand at a place of the command line. */
type Wanted =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" | "directories" | "labs" | "machines" | "nothing" };

/** Names of the labs, or of the machines of the lab that is given. */
const namesOfLabs = `_requorum_labs() {
  local entry labs="\${XDG_STATE_HOME:-\${HOME:-}/.local/state}/requorum/labs"
  for entry in "$labs\${1:+/$1/machines}"/*; do
    if [ -d "$entry" ]; then echo "\${entry##*/}"; fi
  done
}
`;

/** From what is wanted, in `words` or `kind`, to what is offered. */
const offer = `  local IFS=$'\\n'
  case "$kind" in
    files) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")) ;;
    directories) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")) ;;
    labs) if [ "\${verb%% *}" = lab ]; then COMPREPLY=($(compgen -W "$(_requorum_labs)" -- "$current")); fi ;;
    machines) COMPREPLY=($(compgen -W "$(_requorum_labs "$lab")" -- "$current")) ;;
    nothing) COMPREPLY=() ;;
    *) COMPREPLY=($(IFS=' '; compgen -W "$words" -- "$current")) ;;
  esac
}
complete -F _requorum requorum
`;

/**
 * A function `_requorum` of bash, which zsh's bashcompinit understands too, so
 * without compopt where there is none and with no variable read that is not
 * set. It knows the table of verbs by heart and reads nothing but names of
 * files: those that are asked for, and those of the labs' directories.
 */
export function bashCompletion(specs: readonly CommandSpec[]): string {
  const options = [...globalOptions, ...specs.flatMap((spec) => spec.options ?? [])].filter(({ value }) => value !== undefined);
  const taking = unique(options.flatMap(flagsOf));
  const values = [...new Map(options.map((option) => [option.name, option])).values()];
  const groups = Object.keys(groupSummaries);
  const verbs = unique(specs.flatMap(({ path }) => path.slice(0, 1)));
  return `${namesOfLabs}_requorum() {
  local current="\${COMP_WORDS[COMP_CWORD]}" verb="" taker="" lab="lab" helped="" words="" kind="" word
  local -i at=1 place=0
  while [ $at -lt $COMP_CWORD ]; do
    word="\${COMP_WORDS[$at]}"
    at=$((at + 1))
    if [ "$word" = "=" ] && [ -n "$taker" ]; then continue; fi
    if [ -n "$taker" ]; then
      if [ "$taker" = --name ]; then lab="$word"; fi
      taker=""
      continue
    fi
    case "$word" in
      ${taking.join("|")}) taker="$word" ;;
      -*) ;;
      help) if [ -z "$verb" ]; then helped=yes; else place=$((place + 1)); fi ;;
      *)
        case "$verb" in
          "") verb="$word" ;;
          ${groups.join("|")}) verb="$verb $word" ;;
          *) place=$((place + 1)) ;;
        esac ;;
    esac
  done
  if [ "$current" = "=" ]; then current=""; fi
  case "$taker" in
    "") ;;
${values.map((option) => `    ${flagsOf(option).join("|")}) ${assignmentByVerb(option.name, specs, options)} ;;`).join("\n")}
  esac
  if [ -z "$taker" ]; then
    case "$verb" in
      "") words="${[...verbs, "help"].join(" ")}" ;;
${groups.map((group) => `      "${group}") words="${specs.flatMap(({ path }) => (path[0] === group ? path.slice(1, 2) : [])).join(" ")}" ;;`).join("\n")}
    esac
    if [ -z "$words" ] && [ -n "$helped" ]; then
      kind=nothing
    elif [ -z "$words" ]; then
      case "$verb/$place" in
${specs.flatMap(placesOf).join("\n")}
      esac
    fi
    case "$current/$words$kind" in
      -*/* | /)
        kind=""
        case "$verb" in
${specs.map((spec) => `          "${spec.path.join(" ")}") words="${(spec.options ?? []).flatMap(flagsOf).join(" ")}" ;;`).join("\n")}
          *) words="--version" ;;
        esac
        words="$words ${[...globalOptions.flatMap(flagsOf), "--help"].join(" ")}" ;;
    esac
  fi
${offer}`;
}

/** Of one name, as --accept and --out, verbs take different values; before the verb is there, any of them. */
function assignmentByVerb(name: string, specs: readonly CommandSpec[], all: readonly OptionSpec[]): string {
  const same = all.filter((option) => option.name === name);
  const [first = "", ...others] = unique(same.map((option) => assignment(wantedOfOption(option))));
  if (others.length === 0) return first;
  const verbs = specs.flatMap(({ path, options }) =>
    (options ?? [])
      .filter((option) => option.name === name)
      .map((option) => `"${path.join(" ")}") ${assignment(wantedOfOption(option))} ;;`),
  );
  return `case "$verb" in ${verbs.join(" ")} *) ${assignment(anyOf(same))} ;; esac`;
}

/** Files are offered with the directories on the way to them. */
function anyOf(options: readonly OptionSpec[]): Wanted {
  const words = unique(options.flatMap(({ choices, offers }) => choices ?? offers ?? []));
  const file = options.find(({ value }) => value === "FILE") ?? options[0];
  return words.length > 0 ? { kind: "words", words } : file === undefined ? { kind: "nothing" } : wantedOfOption(file);
}

const unique = (words: readonly string[]): readonly string[] => [...new Set(words)];

/** `--output` and `-o`. */
export function flagsOf({ name, short }: OptionSpec): readonly string[] {
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
}

function wantedOfOption({ name, value, choices, offers }: OptionSpec): Wanted {
  const words = choices ?? offers;
  if (words !== undefined) return { kind: "words", words };
  if (value === "FILE") return { kind: "files" };
  if (value === "DIR" || value === "DIRECTORY") return { kind: "directories" };
  return { kind: name === "name" ? "labs" : "nothing" };
}

function placesOf(spec: CommandSpec): readonly string[] {
  return (spec.arguments ?? []).map((argument, place) => {
    const at = argument.isVariadic === true ? "*" : String(place);
    return `        "${spec.path.join(" ")}/"${at}) ${assignment(wantedOfArgument(spec, argument))} ;;`;
  });
}

/** Arguments say no kind. Those of the file verbs are files, but for what is to be got out of one. */
function wantedOfArgument({ path }: CommandSpec, { name, choices }: ArgumentSpec): Wanted {
  if (choices !== undefined) return { kind: "words", words: choices };
  if (name === "machine") return { kind: "machines" };
  if ((path[0] === "snapshot" && name !== "what") || (path[0] === "apply" && name === "plan")) return { kind: "files" };
  return { kind: "nothing" };
}

function assignment(wanted: Wanted): string {
  return wanted.kind === "words" ? `words="${wanted.words.join(" ")}"` : `kind=${wanted.kind}`;
}
