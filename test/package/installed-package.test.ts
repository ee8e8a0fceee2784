/** The npm package, packed, installed elsewhere, and used as its documents say. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import * as formats from "../../src/formats/index.ts";
import { makeSnapshot } from "../support/make-snapshot.ts";

const root = resolve(import.meta.dirname, "../..");
const document = readFileSync(join(root, "docs/formats-api.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "requorum-package-"));
/** A build, and the download of some packages over a slow line. */
const limitMs = 240_000;

function run(program: string, args: readonly string[], directory = folder): string {
  return execFileSync(program, args, { cwd: directory, encoding: "utf8", timeout: limitMs, stdio: ["ignore", "pipe", "pipe"] });
}

function block(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(document) ?? [];
  assert.ok(text !== undefined, `docs/formats-api.md has no block of ${language}`);
  return text;
}

before(() => {
  run("npm", ["pack", "--silent", "--pack-destination", folder], root);
  const version = /"version": "([^"]+)"/.exec(readFileSync(join(root, "package.json"), "utf8"))?.[1] ?? "";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "uses-requorum", private: true, type: "module" }));
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", `./requorum-${version}.tgz`]);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("the installed package: the example of docs/formats-api.md runs and prints what the document says", () => {
  writeFileSync(join(folder, "example.js"), block("js"));
  writeFileSync(join(folder, "backup.db"), makeSnapshot());
  assert.equal(run(process.execPath, ["example.js", "backup.db", "new-data"]), block("text"));
  // What it wrote is what it says: read back with the same package.
  const look = `import { checkBolt, MemoryByteSource, openBolt, readSchema } from "requorum/formats"; import { readFileSync } from "node:fs";
    const source = new MemoryByteSource(readFileSync("new-data/member/snap/db"));
    console.log(checkBolt(source).verdict, readSchema(openBolt(source)).members.map((one) => one.name).join());`;
  assert.equal(run(process.execPath, ["--input-type=module", "-e", look]), "good cp1\n");
});

test("the installed package: the types of both entries hold in a strict compiler", () => {
  writeFileSync(
    join(folder, "typed.ts"),
    `import { openBolt, MemoryByteSource, RecoveryError, inspectDb, type BoltReader, type SnapshotStatus } from "requorum/formats";
import { LocalByteFiles, nodeSealCiphers, type RecoveryPlan } from "requorum";
export function statusOf(bytes: Uint8Array): SnapshotStatus | undefined {
  try {
    const bolt: BoltReader = openBolt(new MemoryByteSource(bytes));
    const revision: bigint = inspectDb(bolt).status.revision;
    return revision > 0n ? inspectDb(bolt).status : undefined;
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") return undefined;
    throw error;
  }
}
export const files = new LocalByteFiles();
export const ciphers = nodeSealCiphers;
export type Plan = RecoveryPlan;
`,
  );
  writeFileSync(join(folder, "mistyped.ts"), `import { openBolt } from "requorum/formats";\nopenBolt("backup.db");\n`);
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2024"];
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options, "typed.ts"]);
  const refused = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options, "mistyped.ts"], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.notEqual(refused.status, 0, "a path is not a source of bytes");
  assert.match(refused.stdout, /mistyped\.ts\(2,10\): error TS2345/);
});

test("the installed package: the program starts", () => {
  assert.match(run(join(folder, "node_modules/.bin/requorum"), ["version"]), /requorum/);
});

test("docs/formats-api.md names every function and class of the library", () => {
  const missing = Object.keys(formats).filter((name) => !document.includes(`\`${name}\``));
  assert.deepEqual(missing.sort(), []);
});
