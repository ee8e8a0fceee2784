/** What verbs on sets advise: every call is understood as printed, and is about what was asked for. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { cli, workDirectory } from "../../../test/support/captured-cli.ts";
import { dayId, judgeDay, writeDay } from "../../../test/support/prune-world.ts";
import { setWorld } from "../../../test/support/set-world.ts";
import { DirectoryStore } from "../../adapters/backup-store/directory-store.ts";
import { toBase64Url } from "../../formats/backup-set/byte-text.ts";
import { readClusterConfig } from "../../schemas/config.ts";
import { errorSchema } from "../../schemas/output.ts";
import { parseCommandLine } from "../build-program.ts";
import { commandTable } from "../command-table.ts";

interface Advice {
  readonly code: string;
  readonly subject: string;
  readonly detail: string;
  readonly whys: string;
  readonly commands: readonly string[];
}

/** A store with sets of two days, of which a verification found the newer one damaged. */
async function setting(context: TestContext) {
  const directory = workDirectory();
  context.after(() => {
    directory.remove();
  });
  const work = directory.path;
  const store = join(work, "sets");
  const world = setWorld(new DirectoryStore(store));
  for (const day of [1, 2]) await writeDay(world.writing, day);
  await judgeDay(world, 2, ["holds", "fails"]);
  world.clock.advance(9 * 86_400_000);
  const signer = toBase64Url(world.keys.signing.publicKey);
  const text = `apiVersion: requorum/v1\ncluster: north\nhosts: [{ name: cp1, address: 10.0.0.11 }]\nbackup: { store: ${store}, recipients: [age1${"q".repeat(58)}], signers: [${signer}] }\n`;
  const config = readClusterConfig(text, "/r.yaml");
  const advised = async (...words: readonly string[]): Promise<Advice> => {
    const { err } = await cli(["backup", ...words, "-o", "json"], { config, ports: { clock: world.clock } }, work);
    const { code, subject, detail, remedies } = errorSchema.parse(JSON.parse(err)).error;
    const commands = remedies.flatMap(({ command }) => command ?? []);
    for (const command of commands)
      if (command.startsWith("requorum "))
        parseCommandLine(commandTable, command.split(" ").slice(1), { version: "0", helpWidth: 80, writeHelp: () => undefined });
    return { code, subject, detail, whys: remedies.map(({ why }) => why).join("\n"), commands };
  };
  return { work, config, clock: world.clock, advised };
}

test("advice: what can still be read of a damaged set is got or compared; who needs all of it is not sent to where nothing comes of it", async (context) => {
  const { advised } = await setting(context);
  const calls = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { code, commands } = await advised(...words);
    assert.equal(code, "BACKUP_SET_DAMAGED");
    return commands.filter((command) => command.includes(dayId(2)));
  };
  assert.deepEqual(await calls("get", "latest", "cm/settings", "--namespace", "shop"), [
    `requorum backup get ${dayId(2)} cm/settings --namespace shop`,
  ]);
  assert.deepEqual(await calls("diff", "latest", "live"), [`requorum backup diff ${dayId(2)} live`]);
  assert.deepEqual(await calls("unseal", "latest", "--to", "out"), [`requorum backup get ${dayId(2)}`]);
  assert.deepEqual(await calls("copy", "latest", "--to", "other"), []);
  assert.deepEqual(await calls("restore", "latest", "--host", "cp1", "--pki"), []);
});

test("advice: what is wrong with the place of a copy is told of --to, and nobody is sent to the configured store", async (context) => {
  const { work, advised } = await setting(context);
  writeFileSync(join(work, "file"), "");
  mkdirSync(join(work, "strange"));
  writeFileSync(join(work, "strange", "requorum-store.json"), "{}");
  for (const [to, code] of [
    [join(work, "none", "a", "b"), "BACKUP_STORE_UNREACHABLE"],
    [join(work, "file"), "BACKUP_STORE_FAILED"],
    [join(work, "strange"), "BACKUP_STORE_INVALID"],
  ] as const) {
    const seen = await advised("copy", dayId(1), "--to", to);
    assert.deepEqual([seen.code, seen.commands], [code, []], seen.detail);
    assert.match(seen.whys, /--to/);
    assert.doesNotMatch(seen.whys, /--store|backup\.store/);
  }
  for (const to of ["s3://x", "ftp://x/y"]) {
    const { code, subject, whys } = await advised("copy", dayId(1), "--to", to);
    assert.deepEqual(
      [code, subject, whys],
      ["BACKUP_STORE_INVALID", "option --to", "name a directory, s3://BUCKET/PREFIX or ssh://HOST/PATH"],
    );
  }
});

test("advice: who asks for static pods is told why they are not put back, and what gives them; a kind that is none is not left out in silence", async (context) => {
  const { advised } = await setting(context);
  const { detail, commands } = await advised("restore", dayId(1), "--host", "cp1", "--kind", "pki", "--kind", "static-pod");
  assert.match(detail, /static pods.* are not put back: .* come to life again/);
  assert.deepEqual(commands, ["requorum plan", `requorum backup unseal ${dayId(1)} --to unsealed`]);
  const odd = await advised("restore", dayId(1), "--host", "cp1", "--pki", "--kind", "pkis");
  assert.match(odd.detail, /^pkis is no kind that is put back; those are pki, encryption-config/);
});

test("backup list: on a narrow terminal no row is wider than it, and the width that is told has room for all", async (context) => {
  const { work, config, clock } = await setting(context);
  const listed = async (columns: number): Promise<readonly string[]> => {
    const { out } = await cli(["backup", "list"], { config, ports: { clock }, isTty: true, noColor: true, columns }, work);
    return out.split("\n").filter((text) => /^ {2}(?:SET|2026|with )/.test(text));
  };
  const told: string[] = [];
  for (const columns of [40, 60, 80]) {
    const rows = await listed(columns);
    for (const row of rows) assert.ok(row.length <= columns || row.startsWith("  with"), `${columns}: ${row}`);
    told.push(/with (\d+) columns also: .*snapshot/.exec(rows.join("\n"))?.[1] ?? "");
  }
  const wide = await listed(Number(told[0]));
  assert.match(wide.join("\n"), /AGE +REVISION +KEYS +SNAPSHOT +PROVEN +SCORE +MARKS/);
  for (const row of wide) assert.ok(row.length <= Number(told[0]), row);
});
