import { RecoveryError } from "../model/recovery-error.ts";
import { readAnsibleIni } from "./ansible-ini.ts";
import { readAnsibleYaml } from "./ansible-yaml.ts";
import type { RawGroup } from "./ansible-raw.ts";
import type { FileProblem } from "./yaml-places.ts";

/** One machine of an Ansible inventory with everything that its groups say about it. */
export interface AnsibleHost {
  readonly name: string;
  /** Where it is first named. */
  readonly line: number;
  /** Direct groups and the groups above them. */
  readonly groups: readonly string[];
  /** Own variables over those of its groups, as text. */
  readonly variables: ReadonlyMap<string, string>;
}

export interface AnsibleInventory {
  readonly hosts: readonly AnsibleHost[];
  /** Group -> its hosts in the inventory's order, own and of groups below. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Variables of the group `all`. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Nested groups deeper than this are a cycle in all but name. */
const depthMax = 50;

/**
 * hosts.ini or hosts.yaml as kubespray and others use them. Values that
 * Ansible would compute ({{ … }}) are kept as text; whoever needs one refuses
 * it. INVENTORY_FILE_INVALID names file, line and column.
 */
export function readAnsibleInventory(text: string, path: string): AnsibleInventory {
  const raw = /\.(ya?ml|json)$/i.test(path) ? readAnsibleYaml(text) : readAnsibleIni(text);
  const problems = [...raw.problems, ...childProblems(raw.groups)];
  if (problems.length === 0 && allHosts(raw.groups).length === 0)
    problems.push({ line: 1, column: 1, message: "no machine is named; expected an Ansible inventory (hosts.ini or hosts.yaml)" });
  if (problems.length > 0) throw invalidInventory(path, problems);
  return resolve(raw.groups);
}

export function invalidInventory(path: string, problems: readonly FileProblem[]): RecoveryError {
  const detail = problems.slice(0, 20).map((problem) => `${path}:${String(problem.line)}:${String(problem.column)}: ${problem.message}`);
  return new RecoveryError("INVENTORY_FILE_INVALID", { subject: `file ${path}`, detail: detail.join("\n") });
}

function childProblems(groups: ReadonlyMap<string, RawGroup>): FileProblem[] {
  return [...groups.values()].flatMap((group) =>
    group.children.flatMap((child) => {
      if (!groups.has(child.name))
        return [{ line: child.line, column: 1, message: `group ${child.name} is a child of ${group.name}, but there is no such group` }];
      return reaches(groups, child.name, group.name, 0)
        ? [{ line: child.line, column: 1, message: `group ${group.name} contains itself through ${child.name}` }]
        : [];
    }),
  );
}

function reaches(groups: ReadonlyMap<string, RawGroup>, from: string, to: string, depth: number): boolean {
  if (from === to || depth > depthMax) return true;
  return (groups.get(from)?.children ?? []).some((child) => reaches(groups, child.name, to, depth + 1));
}

function allHosts(groups: ReadonlyMap<string, RawGroup>) {
  return [...groups.values()].flatMap((group) => group.hosts);
}

function resolve(groups: ReadonlyMap<string, RawGroup>): AnsibleInventory {
  const memberNames = (name: string): readonly string[] => {
    const group = groups.get(name);
    if (group === undefined) return [];
    return unique([...group.hosts.map((host) => host.name), ...group.children.flatMap((child) => memberNames(child.name))]);
  };
  const members = new Map([...groups.keys()].map((name) => [name, memberNames(name)]));
  const everywhere = groups.get("all")?.variables ?? new Map<string, string>();
  const mentions = allHosts(groups);
  const hosts = unique(mentions.map((host) => host.name)).map((name): AnsibleHost => {
    const own = mentions.filter((mention) => mention.name === name);
    const inGroups = [...groups.keys()].filter((group) => members.get(group)?.includes(name) === true);
    // The larger a group, the weaker its word: `all`, then parents, then children, then the host itself.
    const bySize = inGroups
      .filter((group) => group !== "all")
      .sort((a, b) => (members.get(b)?.length ?? 0) - (members.get(a)?.length ?? 0));
    const layers = [
      everywhere,
      ...bySize.map((group) => groups.get(group)?.variables ?? new Map<string, string>()),
      ...own.map((mention) => mention.variables),
    ];
    return { name, line: own[0]?.line ?? 1, groups: inGroups, variables: new Map(layers.flatMap((layer) => [...layer])) };
  });
  return { hosts, groups: members, variables: everywhere };
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
