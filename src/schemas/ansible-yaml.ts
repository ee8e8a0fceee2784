import type { RawGroup, RawInventory } from "./ansible-raw.ts";
import { placeYaml, type FileProblem, type PlacedYaml, type YamlPath } from "./yaml-places.ts";

/** Groups inside groups; real inventories have three or four levels. */
const depthMax = 50;

/**
 * Ansible's YAML inventory (plugin ansible.builtin.yaml): groups at the top,
 * each with `hosts`, `children` and `vars`. A group may be named at several
 * places; its parts add up.
 */
export function readAnsibleYaml(text: string): RawInventory {
  const yaml = placeYaml(text);
  if (yaml.syntaxProblems.length > 0) return { groups: new Map(), problems: yaml.syntaxProblems };
  const reader = new GroupReader(yaml);
  const top = reader.mapping([], yaml.value);
  for (const [name, group] of Object.entries(top)) reader.readGroup(name, group, [name]);
  return { groups: reader.groups, problems: reader.problems };
}

/** A group counts each time it is named. Large inventories name hundreds; an alias to itself would never end. */
const groupsReadMax = 10_000;

class GroupReader {
  readonly groups = new Map<string, RawGroup>();
  readonly problems: FileProblem[] = [];
  readonly #yaml: PlacedYaml;
  #groupsRead = 0;

  constructor(yaml: PlacedYaml) {
    this.#yaml = yaml;
  }

  /** Absent and empty count as an empty mapping; anything else is told and counts as empty too. */
  mapping(path: YamlPath, value: unknown): Readonly<Record<string, unknown>> {
    if (value === undefined || value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
    this.problems.push({
      ...this.#yaml.placeOf(path),
      message: `${path.length === 0 ? "the file" : path.join(".")} is ${Array.isArray(value) ? "a list" : JSON.stringify(value)}; expected a mapping`,
    });
    return {};
  }

  readGroup(name: string, value: unknown, path: YamlPath): void {
    if (path.length > depthMax || this.#groupsRead > groupsReadMax) return;
    this.#groupsRead += 1;
    if (this.#groupsRead > groupsReadMax) {
      this.problems.push({
        ...this.#yaml.placeOf(path),
        message: `more than ${String(groupsReadMax)} groups; an alias that refers to itself?`,
      });
      return;
    }
    const group: RawGroup = this.groups.get(name) ?? { name, hosts: [], children: [], variables: new Map() };
    this.groups.set(name, group);
    const parts = this.mapping(path, value);
    for (const key of Object.keys(parts)) {
      if (!["hosts", "children", "vars"].includes(key))
        this.problems.push({
          ...this.#yaml.placeOfKey(path, key),
          message: `${JSON.stringify(key)} is not known in group ${name}; expected hosts, children or vars`,
        });
    }
    for (const [variable, setting] of Object.entries(this.mapping([...path, "vars"], parts["vars"])))
      group.variables.set(variable, textOf(setting));
    for (const [host, settings] of Object.entries(this.mapping([...path, "hosts"], parts["hosts"]))) {
      const variables = Object.entries(this.mapping([...path, "hosts", host], settings)).map(([variable, setting]): [string, string] => [
        variable,
        textOf(setting),
      ]);
      group.hosts.push({ name: host, line: this.#yaml.placeOfKey([...path, "hosts"], host).line, variables: new Map(variables) });
    }
    for (const [child, content] of Object.entries(this.mapping([...path, "children"], parts["children"]))) {
      group.children.push({ name: child, line: this.#yaml.placeOfKey([...path, "children"], child).line });
      this.readGroup(child, content, [...path, "children", child]);
    }
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
