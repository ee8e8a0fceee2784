import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { forbiddenFileNames, layers, longFiles, type Layer } from "./layers.ts";

const root = resolve(import.meta.dirname, "../..");
const src = join(root, "src");

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") || name.endsWith(".tsx"))
    .map((name) => join(folder, name));
}

const sources = filesBelow(src);
const production = sources.filter((file) => !file.endsWith(".test.ts"));

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly line: number;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const found: Import[] = [];
  // Statements begin a line; `import("…")` may stand anywhere. Prose in strings and comments does neither.
  const form = /^(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;
  for (const match of text.matchAll(form)) {
    const line = text.slice(0, match.index).split("\n").length;
    const specifier = match[1] ?? match[2] ?? match[3];
    if (specifier !== undefined) found.push({ from: file, specifier, line });
  }
  return found;
}

function folderOf(path: string): string {
  const parts = relative(src, path).split("/");
  return parts.length === 1 ? (parts[0] ?? "") : parts.slice(0, -1).join("/");
}

function layerOf(path: string): Layer | undefined {
  const folder = folderOf(path);
  return layers
    .filter((layer) => folder === layer.folder || folder.startsWith(`${layer.folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}

function allows(layer: Layer, targetFolder: string, fromPath: string): boolean {
  if (layer.mayImport.includes("*")) return !targetFolder.startsWith(layer.folder === "cli" ? "server" : "cli");
  const own = layer.folder === "adapters" ? folderOf(fromPath).split("/").slice(0, 2).join("/") : layer.folder;
  if (targetFolder === own || targetFolder.startsWith(`${own}/`))
    return !(layer.folder === "plan" && targetFolder === "plan/check" && folderOf(fromPath).startsWith("plan/strategies"));
  return layer.mayImport.some((folder) => targetFolder === folder || targetFolder.startsWith(`${folder}/`));
}

function breachOf(one: Import): string | undefined {
  const layer = layerOf(one.from);
  const where = `${relative(root, one.from)}:${String(one.line)} imports ${one.specifier}`;
  if (layer === undefined) return `${where}: the folder is not in test/architecture/layers.ts`;
  if (one.specifier.startsWith(".")) {
    const target = resolve(dirname(one.from), one.specifier);
    if (!existsSync(target)) return `${where}: there is no such file`;
    return allows(layer, folderOf(target), one.from) ? undefined : `${where}: ${layer.rule}`;
  }
  const isNode = one.specifier.startsWith("node:");
  const allowed = isNode
    ? layer.packages.includes("node:")
    : layer.packages.includes("*") || layer.packages.some((name) => one.specifier === name || one.specifier.startsWith(`${name}/`));
  return allowed ? undefined : `${where}: ${layer.rule}`;
}

test("imports: every import follows the table in layers.ts", () => {
  assert.ok(production.length > 0, "no sources were found");
  const breaches = production
    .flatMap(importsOf)
    .map(breachOf)
    .filter((breach) => breach !== undefined);
  assert.deepEqual(breaches, []);
});

test("imports: the check sees a breach (model importing node:fs, plan/check importing a strategy)", () => {
  const model = breachOf({ from: join(src, "model/ids.ts"), specifier: "node:fs", line: 1 });
  assert.match(model ?? "", /model imports nothing/);
  const strategy = production.find((file) => folderOf(file).startsWith("plan/strategies"));
  if (strategy !== undefined) {
    const check = breachOf({
      from: join(src, "plan/check/check-plan.ts"),
      specifier: `../strategies/${strategy.split("/").at(-1) ?? ""}`,
      line: 1,
    });
    assert.match(check ?? "", /must not import plan\/strategies/);
  }
});

test("imports: relative imports end in .ts", () => {
  const wrong = sources.flatMap(importsOf).filter((one) => one.specifier.startsWith(".") && !/\.(tsx?|json)$/.test(one.specifier));
  assert.deepEqual(
    wrong.map((one) => `${relative(root, one.from)}:${String(one.line)}`),
    [],
  );
});

test("imports: there is no cycle", () => {
  const graph = new Map(
    production.map((file) => [
      file,
      importsOf(file)
        .filter((one) => one.specifier.startsWith("."))
        .map((one) => resolve(dirname(file), one.specifier)),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].map((path) => relative(src, path)).join(" -> "));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  assert.deepEqual(cycles, []);
});

test("files: none is longer than 400 lines unless listed with a reason", () => {
  const exempt = new Set(longFiles.map((file) => join(root, file.path)));
  const long = production
    .filter((file) => !file.includes(".generated.") && !exempt.has(file))
    .map((file) => ({ file, lines: readFileSync(file, "utf8").split("\n").length }))
    .filter(({ lines }) => lines > 401)
    .map(({ file, lines }) => `${relative(root, file)}: ${String(lines)}`);
  assert.deepEqual(long, []);
});

test("files: names are kebab-case and say what is inside", () => {
  const bad = sources
    .map((file) => relative(src, file))
    .filter((path) => {
      const name = (path.split("/").at(-1) ?? "").replace(/(\.test|\.generated)?\.tsx?$/, "");
      return !/^[a-z0-9]+(-[a-z0-9.]+)*$/.test(name) || forbiddenFileNames.includes(name);
    });
  assert.deepEqual(bad, []);
});

test("exports: named only", () => {
  const bad = production.filter((file) => /^export default\b/m.test(readFileSync(file, "utf8"))).map((file) => relative(src, file));
  assert.deepEqual(bad, []);
});
