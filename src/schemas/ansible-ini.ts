import type { RawGroup, RawInventory } from "./ansible-raw.ts";
import type { FileProblem } from "./yaml-places.ts";

/** Hosts that one range may stand for; a control plane has tens, a typing mistake has millions. */
const rangeMax = 2000;

/**
 * Ansible's INI inventory (docs: "How to build your inventory", plugin
 * ansible.builtin.ini): [group], [group:children], [group:vars], host lines
 * with key=value words, ranges like node[01:03], comments with # and ;.
 */
export function readAnsibleIni(text: string): RawInventory {
  const groups = new Map<string, RawGroup>();
  const problems: FileProblem[] = [];
  let section: { readonly group: RawGroup; readonly kind: "hosts" | "children" | "vars" } = {
    group: groupOf(groups, "ungrouped"),
    kind: "hosts",
  };
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = index + 1;
    const content = raw.trim();
    const column = raw.length - raw.trimStart().length + 1;
    if (content === "" || content.startsWith("#") || content.startsWith(";")) return;
    const problem = (message: string) => problems.push({ line, column, message });
    const header = /^\[([^\]:]+)(?::([^\]]+))?\]\s*([#;].*)?$/.exec(content);
    if (header !== null) {
      const kind = header[2] ?? "hosts";
      if (kind !== "hosts" && kind !== "children" && kind !== "vars")
        problem(`[…:${kind}] is not known; expected [GROUP], [GROUP:children] or [GROUP:vars]`);
      else section = { group: groupOf(groups, (header[1] ?? "").trim()), kind };
      return;
    }
    if (content.startsWith("[")) {
      problem("a section that is not closed; expected [GROUP], [GROUP:children] or [GROUP:vars]");
      return;
    }
    if (section.kind === "vars") readVariable(content, section.group, problem);
    else if (section.kind === "children") section.group.children.push({ name: content.split(/\s/)[0] ?? "", line });
    else readHosts(content, section.group, line, problem);
  });
  return { groups, problems };
}

function groupOf(groups: Map<string, RawGroup>, name: string): RawGroup {
  const existing = groups.get(name);
  if (existing !== undefined) return existing;
  const made: RawGroup = { name, hosts: [], children: [], variables: new Map() };
  groups.set(name, made);
  return made;
}

function readVariable(content: string, group: RawGroup, problem: (message: string) => void): void {
  const equals = content.indexOf("=");
  // Not repeated: it may be the rest of a secret.
  if (equals <= 0) problem("the line is not NAME=VALUE");
  else
    group.variables.set(
      content.slice(0, equals).trim(),
      unquote(
        content
          .slice(equals + 1)
          .replace(/\s#.*$/, "")
          .trim(),
      ),
    );
}

function readHosts(content: string, group: RawGroup, line: number, problem: (message: string) => void): void {
  const [pattern = "", ...settings] = splitWords(content) ?? [];
  if (pattern === "") {
    problem("a quote is not closed");
    return;
  }
  const variables = new Map<string, string>();
  for (const [index, setting] of settings.entries()) {
    const equals = setting.indexOf("=");
    if (equals <= 0) {
      problem(`word ${String(index + 2)} of the line is not NAME=VALUE; a value with spaces stands in quotes`);
      return;
    }
    variables.set(setting.slice(0, equals), setting.slice(equals + 1));
  }
  const port = /^([^:[\]]*(?:\[[^\]]*\][^:[\]]*)*):([0-9]{1,5})$/.exec(pattern);
  if (port !== null) variables.set("ansible_port", port[2] ?? "");
  const names = expandRange(port?.[1] ?? pattern);
  if (names === undefined) problem(`${JSON.stringify(pattern)} is not a host name or a range such as node[1:3]`);
  for (const name of names ?? []) group.hosts.push({ name, line, variables });
}

/** Words as a shell splits them; a comment ends the line. undefined: a quote is not closed. */
function splitWords(content: string): readonly string[] | undefined {
  const words: string[] = [];
  let rest = content;
  while (rest !== "" && !/^[#;]/.test(rest)) {
    const match = /^((?:[^\s"']|"[^"]*"|'[^']*')+)\s*/.exec(rest);
    if (match === null) return undefined;
    const word = match[1] ?? "";
    const equals = word.indexOf("=");
    words.push(equals < 0 ? unquote(word) : `${word.slice(0, equals)}=${unquote(word.slice(equals + 1))}`);
    rest = rest.slice(match[0].length);
  }
  return words;
}

function unquote(text: string): string {
  const match = /^"([^"]*)"$|^'([^']*)'$/.exec(text);
  return match?.[1] ?? match?.[2] ?? text;
}

/** node[01:03].example, node[a:c]; one range after another. undefined: not understood or too many. */
function expandRange(pattern: string): readonly string[] | undefined {
  const match = /^([^[\]]*)\[([0-9]+|[A-Za-z]):([0-9]+|[A-Za-z])(?::([0-9]+))?\](.*)$/.exec(pattern);
  if (match === null) return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(pattern) ? [pattern] : undefined;
  const [, head = "", from = "", to = "", step = "1", tail = ""] = match;
  const isNumber = /^[0-9]+$/.test(from);
  if (isNumber !== /^[0-9]+$/.test(to) || Number(step) < 1) return undefined;
  const [first, last] = isNumber ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
  if (last < first || (last - first) / Number(step) > rangeMax) return undefined;
  const names: string[] = [];
  for (let value = first; value <= last; value += Number(step)) {
    const rest = expandRange(`${head}${isNumber ? String(value).padStart(from.length, "0") : String.fromCharCode(value)}${tail}`);
    if (rest === undefined || names.length + rest.length > rangeMax) return undefined;
    names.push(...rest);
  }
  return names;
}
