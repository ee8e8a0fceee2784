// Runs on any Node >= 20 with nothing installed: installs the npm packages when
// they are missing or older than the lock file, then hands over to the pinned
// Node of the project, which runs TypeScript as it is.
//   node scripts/bootstrap.mjs scripts/demo.ts [arguments…]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...scriptArguments] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write("usage: node scripts/bootstrap.mjs SCRIPT [ARGUMENTS…]\n");
  process.exit(2);
}
const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  process.stderr.write(`requorum needs Node 20 or newer to set itself up; this is ${process.version}.\n`);
  process.exit(2);
}

const stampFile = join(root, "node_modules", ".requorum-lock");
const lockDigest = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
const pinnedNode = join(root, "node_modules", "node", "bin", "node");

function isCurrent() {
  if (!existsSync(pinnedNode)) return false;
  if (existsSync(stampFile)) return readFileSync(stampFile, "utf8") === lockDigest;
  // After `npm ci` by hand there is no stamp: what was installed is looked at once.
  if (!isAllInstalled()) return false;
  try {
    writeFileSync(stampFile, lockDigest);
  } catch {
    // Packages of another user's: they are looked at again each time.
  }
  return true;
}

/** Every package of the lock file is there in its version; those that npm may leave out, as for other systems, apart. */
function isAllInstalled() {
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  try {
    return Object.entries(wanted).every(
      ([path, { version, optional }]) =>
        path === "" || optional === true || JSON.parse(readFileSync(join(root, path, "package.json"), "utf8")).version === version,
    );
  } catch {
    return false;
  }
}

function run(command, commandArguments, options) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArguments, { cwd: root, ...options });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on("exit", (code, signal) => resolve(signal === null ? code : 128 + (signal === "SIGINT" ? 2 : 15)));
  });
}

if (!isCurrent()) {
  process.stderr.write("[set-up] installing npm packages (about 20 s, once) …\n");
  // stdout of npm goes to our stderr: stdout belongs to the script that follows.
  const code = await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: ["ignore", 2, 2] });
  if (code !== 0) {
    process.stderr.write(`[set-up] npm ci ended with ${code}; nothing else was done.\n`);
    process.exit(code);
  }
  if (!existsSync(pinnedNode)) {
    process.stderr.write(
      "[set-up] npm ci ran, but the pinned Node is missing: npm was told not to run install scripts? (npm config get ignore-scripts)\n",
    );
    process.exit(1);
  }
  writeFileSync(stampFile, lockDigest);
}
// Hundreds of test processes load the same modules: with their compiled form kept, the fast tier takes two thirds of the time.
const env = { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "compiled"), ...process.env };
// The program must not outlive this process, also when that is killed: it sees the channel close (src/cli/main.ts).
const stdio = script === "src/cli/main.ts" ? ["inherit", "inherit", "inherit", "ipc"] : "inherit";
process.exit(await run(pinnedNode, [join(root, script), ...scriptArguments], { stdio, cwd: process.cwd(), env }));
