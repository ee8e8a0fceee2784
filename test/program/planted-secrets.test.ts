/**
 * Secrets that are planted in a set, and in what opens it and its store, are
 * searched for while and after the real program works on it: in every file that
 * it leaves, in the command line of every process of this machine, in all that
 * it says, and in what it tells others.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { stringify } from "yaml";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { SetWriter } from "../../src/catalogue/set-writer.ts";
import { kubeJson, landmarkWrites, snapshotBytes } from "../support/kube-database.ts";
import { s3TestCredentials } from "../support/s3-server.ts";
import { firstSet, manifestFacts, partHead, setWorld, sha256Hex } from "../support/set-world.ts";
import { sshdMissing } from "../support/ssh-server.ts";
import { trialServer, trialStores, type TrialPlace, type TrialStore } from "../support/trial-server.ts";
import { webhookReceiver } from "../support/webhook-receiver.ts";

const token = (what: string) => `planted-${what}-${randomBytes(9).toString("hex")}`;
const planted = {
  "a private key": token("key"),
  "a Secret": token("object"),
  "the passphrase": token("passphrase"),
  "a wrong passphrase": token("wrong"),
  "the webhook's token": token("hook"),
  "the S3 secret key": s3TestCredentials.secretAccessKey,
};

/** What of the secrets stands in these bytes, as it is or in base64. */
function foundIn(bytes: Uint8Array, secrets: ReadonlyMap<string, string>): readonly string[] {
  const content = Buffer.from(bytes);
  return [...secrets].flatMap(([what, secret]) =>
    [secret, Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -1)].some((form) => content.includes(form)) ? [what] : [],
  );
}

async function foundOnDisk(directory: string, secrets: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      for (const what of foundIn(await readFile(path), secrets)) found.push(`${what} in ${path}`);
    }
  return found;
}

/** Every command line of this machine, again and again, until it is stopped. */
function watchCommandLines(secrets: ReadonlyMap<string, string>) {
  const found = new Set<string>();
  const seen = new Set<string>();
  const look = async () => {
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      const line = await readFile(`/proc/${pid}/cmdline`).catch(() => Buffer.alloc(0)); // it has ended
      const words = line.toString();
      if (words.includes("src/cli/main.ts")) seen.add(words);
      for (const what of foundIn(line, secrets)) found.add(`${what} in ${words.replaceAll("\0", " ").slice(0, 60)}`);
    }
  };
  const stopping = new AbortController();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const stop = async () => {
    stopping.abort();
    await looking;
    return { found: [...found], callsSeen: seen.size };
  };
  return { stop };
}

interface World {
  /** Searched in the end: state, cache, temporary files, metrics, the stores. */
  readonly left: string;
  /** Not searched: where the secrets are kept by their owner. */
  readonly held: string;
  readonly secrets: ReadonlyMap<string, string>;
  readonly signer: string;
  readonly recipient: string;
}

/** A store with one set of everything that is secret. */
async function plantedSet(context: TestContext): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "requorum-planted-"));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const [left, held] = [join(directory, "left"), join(directory, "held")];
  for (const path of [left, held, join(left, "tmp"), join(left, "home")]) await mkdir(path);
  const world = setWorld(new DirectoryStore(join(left, "source")));
  const wrapping = new AgeKeyWrapping({ passphraseWorkFactor: 4 });
  const [own, other] = [await wrapping.newIdentity(), await wrapping.newIdentity()];
  const writer = await SetWriter.begin(
    { ...world.writing, wrapping },
    { id: firstSet, recipients: [own.recipient], passphrase: planted["the passphrase"] },
  );
  const login = kubeJson("v1", "Secret", { name: "login", namespace: "shop" }, { data: { user: planted["a Secret"] } });
  const snapshot = snapshotBytes({ writes: [...landmarkWrites, ["/registry/secrets/shop/login", login]] });
  await writer.addPart(partHead("snapshot.db", { kind: "snapshot", host: undefined }), snapshot);
  const pem = `-----BEGIN PRIVATE KEY-----\n${planted["a private key"]}\n-----END PRIVATE KEY-----\n`;
  await writer.addPart(partHead("/etc/kubernetes/pki/ca.key"), Buffer.from(pem));
  const facts = manifestFacts();
  await writer.finish({ ...facts, snapshot: { ...facts.snapshot, form: "stream", sha256: sha256Hex(snapshot.subarray(0, -32)) } });
  const files = {
    identity: own.identity,
    other: other.identity,
    passphrase: planted["the passphrase"],
    wrong: planted["a wrong passphrase"],
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(held, name), `${text}\n`, { mode: 0o600 });
  const identities = [
    ["an identity", own.identity],
    ["another identity", other.identity],
  ] as const;
  const signer = Buffer.from(world.keys.signing.publicKey).toString("base64url");
  return { left, held, secrets: new Map([...Object.entries(planted), ...identities]), signer, recipient: own.recipient };
}

async function writeConfig({ left, held, signer, recipient }: World, place: TrialPlace, store: string, hook: string): Promise<string> {
  const path = join(left, `${store === place.place ? "there" : "here"}.yaml`);
  await writeFile(join(held, "hook"), `${hook}/${planted["the webhook's token"]}\n`, { mode: 0o600 });
  await writeFile(
    path,
    stringify({
      apiVersion: "requorum/v1",
      cluster: "north",
      platform: "kubeadm",
      hosts: [{ name: "cp1", address: "127.0.0.1", roles: ["control-plane"] }],
      ssh: place.sshConfigFile === undefined ? {} : { configFile: place.sshConfigFile },
      backup: {
        store,
        recipients: [recipient],
        passphraseFile: join(held, "passphrase"),
        signers: [signer],
        metrics: { textfile: join(left, "requorum.prom") },
        webhook: { urlFile: join(held, "hook") },
        ...(place.s3 === undefined ? {} : { s3: place.s3 }),
      },
    }),
  );
  return path;
}

const s3Environment = {
  AWS_ACCESS_KEY_ID: s3TestCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3TestCredentials.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: "true",
};

/** `through`: a program, and its words before those of requorum's own call. */
function run(world: World, words: readonly string[], environment: NodeJS.ProcessEnv = {}, through: readonly string[] = []) {
  return said(world, [...through, process.execPath, join(import.meta.dirname, "../../src/cli/main.ts"), ...words], {
    ...process.env,
    HOME: join(world.left, "home"),
    TMPDIR: join(world.left, "tmp"),
    XDG_CONFIG_HOME: join(world.left, "config"),
    XDG_STATE_HOME: join(world.left, "state"),
    XDG_CACHE_HOME: join(world.left, "cache"),
    ...s3Environment,
    ...environment,
  });
}

/** Both streams of a call together, as the journal has them. */
function said(world: World, [program = "", ...words]: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], cwd: world.left, env });
  const pieces: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => pieces.push(piece));
  return new Promise<{ readonly code: number | null; readonly text: string }>((resolve) => {
    child.once("close", (code) => {
      resolve({ code, text: Buffer.concat(pieces).toString() });
    });
  });
}

type Outcome = "done" | "fails" | "either";

/** Each call, and how it must end. */
function callsOf({ left, held, signer }: World, here: string, there: string, place: TrialPlace) {
  const at = (file: string) => join(held, file);
  const anywhere = ["--config", there];
  const open = (...words: readonly string[]) => ["backup", ...words, ...anywhere, "--trust-signer", signer];
  const login = ["get", firstSet, "secret/login", "-n", "shop"];
  const verify = ["backup", "verify", firstSet, "--level", "V2"];
  const calls: (readonly [readonly string[], Outcome, NodeJS.ProcessEnv?])[] = [
    [["backup", "copy", firstSet, "--to", place.place, "--config", here], "done"],
    [["backup", "list", ...anywhere], "either"],
    // Its manifest tells other numbers than its snapshot has.
    [[...verify, "--identity", at("identity"), ...anywhere], "fails"],
    [[...verify, "--identity", at("other"), ...anywhere], "fails"],
    [open(...login, "--identity", at("other")), "fails"],
    [open(...login, "--passphrase-file", at("wrong")), "fails"],
    [open(...login, "--identity", at("identity")), "done"],
    [open("unseal", firstSet, "--to", join(left, "wrong"), "--passphrase-file", at("wrong")), "fails"],
    [open("unseal", firstSet, "--to", join(left, "wrong"), "--identity", at("other")), "fails"],
    [open("unseal", firstSet, "--to", at("hook"), "--identity", at("identity")), "fails"],
    [open("unseal", firstSet, "--to", at("unsealed"), "--passphrase-file", at("passphrase")), "done"],
    [["backup", "run", ...anywhere], "fails"],
    [["backup", "timer", "install", "--every", "6h", "--files-only", "--plan", ...anywhere], "done"],
    [["backup", "prune", "--plan", ...anywhere], "either"],
  ];
  if (place.s3 !== undefined)
    calls.push([["backup", "list", ...anywhere], "fails", { AWS_SECRET_ACCESS_KEY: planted["a wrong passphrase"] }]);
  return calls;
}

const isRoot = process.getuid?.() === 0;
/** Root's units are written to a directory of the test, which takes the place of systemd's own for this one call. */
const intoUnits = `mount --bind "$0" /etc/systemd/system && mount -t tmpfs none /var/cache && exec "$@"`;
const noUnits =
  isRoot && spawnSync("unshare", ["-m", "test", "-d", "/etc/systemd/system"]).status !== 0 ? "no mount namespace, or no systemd" : false;

/** ExecStart= and Environment= as systemd.syntax(7) and systemd.service(5) say that they are read. */
function callOfUnit(text: string, credentials: string) {
  const quoted = (line: string): readonly string[] =>
    [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) => word.replace(/\\(.)/g, "$1").replaceAll("%%", "%"));
  const settings = (name: string) => text.split("\n").filter((line) => line.startsWith(`${name}=`));
  const command = settings("ExecStart")
    .flatMap(quoted)
    .map((word) => word.replace("${CREDENTIALS_DIRECTORY}", credentials).replaceAll("$$", "$"));
  const environment: NodeJS.ProcessEnv = {};
  for (const pair of settings("Environment").flatMap(quoted))
    environment[pair.slice(0, pair.indexOf("="))] = pair.slice(pair.indexOf("=") + 1);
  return { command, environment };
}

async function searchInstalled(context: TestContext, kind: TrialStore): Promise<void> {
  const world = await plantedSet(context);
  const { left, held, secrets } = world;
  const units = isRoot ? join(left, "units") : join(left, "config/systemd/user");
  const credentials = join(held, "credentials");
  for (const path of [join(left, "served"), join(left, "units"), credentials]) await mkdir(path);
  // As LoadCredential= does it.
  await writeFile(join(credentials, "requorum"), `${planted["the passphrase"]}\n`, { mode: 0o400 });
  const server = await trialServer(kind, join(left, "served"));
  try {
    const place = server.placeOf("planted");
    const config = await writeConfig(world, place, place.place, (await webhookReceiver(context)).origin);
    const watch = watchCommandLines(secrets);
    context.after(() => watch.stop());
    const install = ["backup", "timer", "install", "--every", "6h", "--files-only", "--yes", "--config", config];
    const installed = await run(world, install, {}, isRoot ? ["unshare", "-m", "sh", "-c", intoUnits, units] : []);
    assert.equal(installed.code, 0, installed.text);
    assert.deepEqual((await readdir(units)).sort(), ["requorum-backup-north.service", "requorum-backup-north.timer"]);
    const unit = await readFile(join(units, "requorum-backup-north.service"), "utf8");
    const { command, environment } = callOfUnit(unit, credentials);
    assert.ok(command.includes(join(credentials, "requorum")), unit);
    assert.equal(environment["XDG_STATE_HOME"], join(left, "state"), unit);
    // The S3 key as a drop-in with EnvironmentFile= gives it.
    const ran = await said(world, command, { PATH: process.env["PATH"], TMPDIR: join(left, "tmp"), ...environment, ...s3Environment });
    assert.match(ran.text, /BACKUP_NO_SOURCE/);
    const { found, callsSeen } = await watch.stop();
    assert.ok(callsSeen > 0, "command lines were looked at while the program ran");
    assert.deepEqual(found, [], "in command lines");
    assert.deepEqual(foundIn(Buffer.from(installed.text), secrets), [], "in what install says");
    assert.deepEqual(foundIn(Buffer.from(ran.text), secrets), [], "in the journal");
    assert.deepEqual(await foundOnDisk(left, secrets), [], "in units, configuration, state and store");
    for (const directory of server.directories) assert.deepEqual(await foundOnDisk(directory, secrets), [], "in the store");
  } finally {
    await server.closeServer();
  }
}

async function searchAfterAll(context: TestContext, kind: TrialStore): Promise<void> {
  const world = await plantedSet(context);
  const { bodies, origin } = await webhookReceiver(context);
  const stores = join(world.left, "served");
  await mkdir(stores);
  const server = await trialServer(kind, stores);
  try {
    const place = server.placeOf("planted");
    const [here, there] = [
      await writeConfig(world, place, join(world.left, "source"), origin),
      await writeConfig(world, place, place.place, origin),
    ];
    const watch = watchCommandLines(world.secrets);
    context.after(() => watch.stop());
    const said: string[] = [];
    for (const [words, outcome, environment] of callsOf(world, here, there, place)) {
      const { code, text } = await run(world, words, environment);
      assert.ok(
        code !== null && (outcome === "either" || (code === 0) === (outcome === "done")),
        `${words.join(" ")}: ${String(code)}: ${text}`,
      );
      // Whoever asks for a Secret and has the key is shown it.
      const isShown = words[1] === "get" && code === 0;
      for (const what of foundIn(Buffer.from(text), world.secrets)) if (!isShown) said.push(`${what} in ${words.slice(0, 3).join(" ")}`);
    }
    const { found, callsSeen } = await watch.stop();
    assert.ok(callsSeen > 3, "command lines were looked at while the program ran");
    assert.deepEqual(found, [], "in command lines");
    assert.deepEqual(said, [], "in what is said");
    assert.ok(bodies.length > 0, "the webhook was told");
    assert.deepEqual(foundIn(Buffer.from(bodies.join("")), world.secrets), [], "in what the webhook was told");
    assert.deepEqual(await foundOnDisk(world.left, world.secrets), [], "on disk");
    for (const directory of server.directories) assert.deepEqual(await foundOnDisk(directory, world.secrets), [], "in the store");
    const unsealed = await foundOnDisk(join(world.held, "unsealed"), world.secrets);
    assert.ok(unsealed.length >= 2, "the search finds what is in clear");
  } finally {
    await server.closeServer();
  }
}

for (const kind of trialStores)
  test(`planted secrets are nowhere in clear: ${kind} store`, { timeout: 300_000, skip: kind === "ssh" ? sshdMissing : false }, (context) =>
    searchAfterAll(context, kind),
  );

for (const kind of trialStores)
  test(
    `planted secrets are in no installed unit, and in nothing that the unit's own call leaves or says to the journal: ${kind} store`,
    { timeout: 300_000, skip: kind === "ssh" && sshdMissing !== false ? sshdMissing : noUnits },
    (context) => searchInstalled(context, kind),
  );
