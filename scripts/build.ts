/**
 * `npm run build [-- DIRECTORY]`: the program and the library as plain
 * JavaScript, with what they need inside, for machines that install the
 * package (Node does not remove types below node_modules) and for a quicker
 * start. Default directory: dist.
 */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");

/**
 * Folder for what the entries share. Its depth is that of src/cli/commands,
 * so that `../../../tools` is the package's tools folder from there too.
 */
const shared = "cli/shared";

export async function buildProgram(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true }); // only ever what an earlier build wrote
  await build({
    absWorkingDir: root,
    entryPoints: {
      "cli/main": "src/cli/main.ts",
      index: "src/index.ts",
      [`${shared}/file-worker`]: "src/cli/file-work/file-worker.ts",
      [`${shared}/seed-worker`]: "src/adapters/lab/seed/seed-worker.ts",
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

if (import.meta.main) await buildProgram(resolve(process.argv[2] ?? join(root, "dist")));
