/**
 * A scenario file: a head of `# key: value` lines (situation, point, catalogue)
 * and a body, one instruction a line, applied in order to the inventory builder.
 *
 *   # situation: one follower powered off
 *   # point: silence is not death
 *   # catalogue: N02, scenario 1
 *   healthyKubeadm 3
 *   hostUnreachable cp2
 *
 * `inventory FILE` starts from a saved inventory of test/fixtures/inventories instead.
 * Arguments are JSON where they parse as JSON, else words. Besides the builder's
 * words there are `gap PLACE…` (an observation becomes unknown) and
 * `value PLACE… JSON` (it becomes this; an object is merged into the old one).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readInventory } from "../../src/schemas/inventory.ts";
import { healthyKubeadm } from "../support/inventory-builder.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import { removeEvidence, setEvidence } from "../support/remove-evidence.ts";

const fixtureFolder = join(import.meta.dirname, "../fixtures/inventories");

export interface Scenario {
  readonly situation: string;
  readonly point: string;
  readonly catalogue: string;
  readonly inventory: Inventory;
  /** Further head lines, for sections that need them (a goal, an attestation). */
  readonly head: ReadonlyMap<string, string>;
}

/** Throws an Error that names the line. */
export function parseScenario(text: string, file: string): Scenario {
  const lines = text.split("\n");
  const head = new Map<string, string>();
  let builder: Buildable | undefined;
  lines.forEach((raw, index) => {
    const line = raw.trim();
    const place = `${file}:${String(index + 1)}`;
    const headLine = /^# ([a-z-]+): (.*)$/.exec(line);
    if (headLine !== null) head.set(headLine[1] ?? "", headLine[2] ?? "");
    else if (line !== "" && !line.startsWith("#")) builder = applied(builder, line, place);
  });
  if (builder === undefined) throw new Error(`${file}: no instruction`);
  const needed = (key: string): string => {
    const value = head.get(key);
    if (value === undefined) throw new Error(`${file}: the head lacks "# ${key}: …"`);
    return value;
  };
  return { situation: needed("situation"), point: needed("point"), catalogue: needed("catalogue"), inventory: builder.build(), head };
}

/** What instructions work on: the builder, or an inventory that was read. */
interface Buildable {
  build(): Inventory;
  patch(change: (inventory: Inventory) => Inventory): Buildable;
}

function readFixture(inventory: Inventory): Buildable {
  return { build: () => inventory, patch: (change) => readFixture(change(inventory)) };
}

function applied(builder: Buildable | undefined, line: string, place: string): Buildable {
  const [name, ...args] = words(line);
  if (name === "healthyKubeadm") return healthyKubeadm(Number(args[0]));
  if (name === "inventory") return readFixture(readInventory(readFileSync(join(fixtureFolder, String(args[0])), "utf8"), String(args[0])));
  if (builder === undefined) throw new Error(`${place}: the first instruction must be healthyKubeadm N or inventory FILE`);
  if (name === "gap") return builder.patch((inventory) => removeEvidence(inventory, args.map(String)));
  if (name === "value") return builder.patch((inventory) => setEvidence(inventory, args.slice(0, -1).map(String), args.at(-1)));
  // The builder's words are the instructions: the one place where a name becomes a method.
  const method = (builder as unknown as Readonly<Record<string, unknown>>)[name as string];
  if (typeof method !== "function") throw new Error(`${place}: the inventory builder has no word ${JSON.stringify(name)}`);
  return method.apply(builder, args) as Buildable;
}

function words(line: string): readonly unknown[] {
  // A JSON object or array is one word; strings with spaces are written as JSON strings.
  const parts = line.match(/\{.*\}|\[.*\]|"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return parts.map((part) => {
    if (part === "undefined") return undefined;
    try {
      return JSON.parse(part) as unknown;
    } catch {
      return part;
    }
  });
}
