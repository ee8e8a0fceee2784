/**
 * `npm run build [-- DIRECTORY]`: the program and the library as plain
 * JavaScript, with what they need inside, for machines that install the
 * package (Node does not remove types below node_modules) and for a quicker
 * start. Default directory: dist.
 */
import { spawnSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");

/**
 * Folder for what the entries share. Its depth is that of src/cli/commands,
 * so that `../../../tools` is the package's tools folder from there too.
 */
const shared = "cli/shared";

/** `entries`: further ones, by the path below `directory` without its end, as a bench has them. */
export async function buildProgram(directory: string, entries: Readonly<Record<string, string>> = {}): Promise<void> {
  await rm(directory, { recursive: true, force: true }); // only ever what an earlier build wrote
  await build({
    absWorkingDir: root,
    entryPoints: {
      "cli/main": "src/cli/main.ts",
      index: "src/index.ts",
      "formats/index": "src/formats/index.ts",
      [`${shared}/file-worker`]: "src/cli/file-work/file-worker.ts",
      [`${shared}/content-worker`]: "src/cli/backup/content-worker.ts",
      [`${shared}/snapshot-worker`]: "src/adapters/etcd-grpc/snapshot-worker.ts",
      [`${shared}/check-worker`]: "src/adapters/local-fs/check-worker.ts",
      [`${shared}/seed-worker`]: "src/adapters/lab/seed/seed-worker.ts",
      ...entries,
    },
    outdir: directory,
    chunkNames: `${shared}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    logLevel: "warning",
    // Packages written for CommonJS ask for Node's modules by require().
    banner: { js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);' },
  });
}

/** The types of both entries (`requorum`, `requorum/formats`), below `types`; what they name comes with them. */
export async function buildTypes(directory: string): Promise<void> {
  const types = join(directory, "types");
  const typescript = join(root, "node_modules/typescript/bin/tsc");
  const compiled = spawnSync(process.execPath, [typescript, "-p", join(root, "scripts/tsconfig.types.json"), "--outDir", types], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (compiled.status !== 0) throw new Error("the types of the library could not be made");
  // The sources name each other with `.ts`, which a reader of an installed package need not allow.
  for (const name of await readdir(types, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const text = await readFile(join(types, name), "utf8");
    await writeFile(join(types, name), text.replaceAll(/((?:from|import) ?\(?"\.{1,2}\/[^"\n]*)\.ts"/g, '$1.js"'));
  }
}

if (import.meta.main) {
  const directory = resolve(process.argv[2] ?? join(root, "dist"));
  await buildProgram(directory);
  await buildTypes(directory);
}
