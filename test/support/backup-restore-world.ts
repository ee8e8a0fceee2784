import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { SetWriter } from "../../src/catalogue/set-writer.ts";
import { toBase64Url } from "../../src/formats/backup-set/byte-text.ts";
import type { BackupPartKind } from "../../src/model/backup-set.ts";
import { readClusterConfig } from "../../src/schemas/config.ts";
import { cli, workDirectory, type CliResult } from "./captured-cli.ts";
import { FakeRunStore } from "./fake-run-store.ts";
import { RestoringMachines } from "./restoring-machines.ts";
import { firstSet, manifestFacts, partHead, setWorld } from "./set-world.ts";

/** Kind, path, content or "-> TARGET", mode. */
export type FileOfSet = readonly [BackupPartKind, string, string, number];

/** Two machines, cp1 and cp2, and a store with a set of the first, which has these files still. */
export async function backupRestoreWorld(
  context: TestContext,
  { cluster = "north", files }: { readonly cluster?: string; readonly files: readonly FileOfSet[] },
) {
  const directory = workDirectory();
  context.after(() => {
    directory.remove();
  });
  const place = join(directory.path, "store");
  const world = setWorld(new DirectoryStore(place));
  const machines = new RestoringMachines(directory.path);
  for (const host of ["cp1", "cp2"]) mkdirSync(join(machines.rootOf(host), "etc"), { recursive: true });
  const wrapping = new AgeKeyWrapping();
  const { identity, recipient } = await wrapping.newIdentity();
  const writer = await SetWriter.begin({ ...world.writing, wrapping }, { id: firstSet, recipients: [recipient] });
  for (const [kind, path, text, mode] of files) {
    const target = text.startsWith("-> ") ? text.slice(3) : undefined;
    if (target === undefined) machines.set("cp1", path, { text, mode });
    else {
      mkdirSync(dirname(machines.place("cp1", path)), { recursive: true });
      symlinkSync(target, machines.place("cp1", path));
    }
    const head = partHead(path, { kind, mode, ...(target === undefined ? {} : { type: "symlink", target }) });
    await writer.addPart(head, Buffer.from(target === undefined ? text : ""));
  }
  await writer.finish({ ...manifestFacts(), cluster: { ...manifestFacts().cluster, name: cluster } });
  const identityFile = join(directory.path, "identity");
  writeFileSync(identityFile, `${identity}\n`, { mode: 0o600 });
  const text = `apiVersion: requorum/v1\ncluster: north\nhosts: [{ name: cp1, address: 10.0.0.11, roles: [control-plane] }, { name: cp2, address: 10.0.0.12, roles: [control-plane] }]\nbackup: { store: ${place}, recipients: [${recipient}], signers: [${toBase64Url(world.keys.signing.publicKey)}] }\n`;
  const runs = new FakeRunStore();
  const call = (verb: readonly string[], answers?: readonly string[]): Promise<CliResult> =>
    run([...verb, "--identity", identityFile], answers);
  const run = (words: readonly string[], answers?: readonly string[]): Promise<CliResult> =>
    cli(
      words,
      {
        config: readClusterConfig(text, "/r.yaml"),
        ports: { clock: world.clock, hostAccess: machines, runs },
        ...(answers === undefined ? {} : { answers, isTty: true, columns: 200 }),
      },
      directory.path,
    );
  const restore = (wish: readonly string[], answers?: readonly string[]) =>
    call(["backup", "restore", firstSet, "--host", "cp1", ...wish], answers);
  return { machines, call, typed: (command: string) => run(command.split(" ")), restore, runs, directory: directory.path };
}
