import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { nodeKeyMatcher } from "../../adapters/system/node-key-matcher.ts";
import type { OpenSet } from "../../catalogue/set-reader.ts";
import type { SeenFile } from "../../execute/observe/look-at-files.ts";
import { asHostName } from "../../model/ids.ts";
import { companionProblem, companionsOf, restsOf } from "./companions.ts";
import { linksOf } from "./chosen-parts.ts";
import { readings } from "./read-later.ts";
import type { ReadPart } from "./wanted-parts.ts";

const host = asHostName("cp1");
const pki = "/etc/kubernetes/pki";
type Keys = ReturnType<typeof pair>;
const pair = () => generateKeyPairSync("ed25519");
const secret = ({ privateKey }: Keys) => privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const open = ({ publicKey }: Keys) => publicKey.export({ format: "pem", type: "spki" }).toString();
const sealed = ({ privateKey }: Keys) =>
  privateKey.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "planted" }).toString();

/** Path below the PKI directory, or an absolute one, and content; "-> TARGET" is a link, "/" a directory. */
interface Files {
  readonly [path: string]: string;
}
const at = (path: string): string => (path.startsWith("/") ? path : `${pki}/${path}`);

function partOf([path, text]: readonly [string, string]): ReadPart {
  const target = text.startsWith("-> ") ? text.slice(3) : undefined;
  const part = { host, kind: "pki", type: target === undefined ? "file" : "symlink", path: at(path), target };
  return { part, content: Buffer.from(text) } as unknown as ReadPart;
}

function seenOf([path, text]: readonly [string, string | undefined]): SeenFile {
  const owner = { uid: 0, gid: 0 };
  if (text === undefined) return { path: at(path), state: { kind: "absent" }, content: undefined };
  if (text === "/") return { path: at(path), state: { kind: "other", what: "a directory" }, content: undefined };
  const content = Buffer.from(text.replace(/^-> /, ""));
  const state = text.startsWith("-> ") ? ({ kind: "symlink", tag: text, ...owner } as const) : undefined;
  return { path: at(path), state: state ?? { kind: "file", tag: text, mode: 0o600, ...owner }, content };
}

/** The set's files, those of them that are asked for, and the machine's, where whatever is not named is not there. */
function judged({
  all,
  asked,
  machine,
  isChanged = true,
}: {
  readonly all: Files;
  readonly asked: readonly string[];
  readonly machine: Files;
  readonly isChanged?: boolean;
}) {
  const parts = Object.entries(all).map(partOf);
  const set = { parts: parts.map(({ part }) => part) } as unknown as OpenSet;
  const chosen = parts.filter(({ part }) => asked.some((path) => at(path) === part.path));
  const named = chosen.flatMap((one) => companionsOf(set, host, chosen)(one).pairs.flatMap(({ name, half }) => [name, half]));
  const places = [...named, ...parts.map(({ part }) => part.path), "/opt/gone.crt"];
  const absent = places.filter((path) => !Object.keys(machine).some((one) => at(one) === path));
  const seen = new Map(
    [...absent.map((path) => [path, undefined] as const), ...Object.entries(machine)].map((one) => [at(one[0]), seenOf(one)]),
  );
  const after = readings({ links: linksOf(set, host), seen, parts: chosen });
  const companions = companionsOf(set, host, chosen);
  return {
    problems: [...new Set(chosen.flatMap((one) => companionProblem(nodeKeyMatcher, after, one, { ...companions(one), isChanged }) ?? []))],
    rests: [...new Set(chosen.flatMap((one) => restsOf(after, one, companions(one)).map(({ path }) => path)))],
  };
}

test("companionsOf: the other half of a name, under each name that the set's links give a file", () => {
  const names = ["sa.key", "sa.pub", "a.crt", "a.key", "ca.crt", "admin.pem", "admin-key.pem", "b.crt.bak", "b.key.bak", "c.yaml"];
  const all = [...names.map((name) => [name, ""] as const), ["current.pem", "-> admin.pem"] as const].map(partOf);
  const of = companionsOf({ parts: all.map(({ part }) => part) } as unknown as OpenSet, host, all);
  const short = (path: string): string => path.slice(pki.length + 1);
  assert.deepEqual(Object.fromEntries(all.map((one) => [short(one.part.path), of(one).pairs.map(({ half }) => short(half))])), {
    "sa.key": ["sa.pub"],
    "sa.pub": ["sa.key"],
    "a.crt": ["a.key"],
    "a.key": ["a.crt"],
    "ca.crt": ["ca.key"],
    "admin.pem": ["admin-key.pem", "current-key.pem"],
    "admin-key.pem": ["admin.pem"],
    "b.crt.bak": ["b.key.bak"],
    "b.key.bak": ["b.crt.bak"],
    "c.yaml": [],
    "current.pem": ["current-key.pem"],
  });
});

const [old, renewed] = [pair(), pair()];

test("companionProblem: half of another key than the machine's is told with both paths, also where it is a link, behind one, or as in the set", () => {
  const both = /sa\.key .*and \S*sa\.pub .*not of one key.*--path \S*sa\.pub --path \S*sa\.key/;
  const whole = { "sa.pub": open(old), "sa.key": secret(old) };
  const linked = { "sa.pub": "-> versions/1.pub", "versions/1.pub": open(old), "sa.key": secret(old) };
  const cases: readonly Parameters<typeof judged>[0][] = [
    { all: whole, asked: ["sa.pub"], machine: { "sa.pub": open(renewed), "sa.key": secret(renewed) } },
    { all: whole, asked: ["sa.pub"], machine: { "sa.pub": open(old), "sa.key": secret(renewed) } },
    { all: linked, asked: ["sa.pub", "versions/1.pub"], machine: { "sa.pub": open(renewed), "sa.key": secret(renewed) } },
    { all: linked, asked: ["sa.pub"], machine: { "versions/1.pub": open(old), "sa.key": secret(renewed) } },
    {
      all: linked,
      asked: ["versions/1.pub"],
      machine: { "sa.pub": "-> versions/1.pub", "versions/1.pub": open(renewed), "sa.key": secret(renewed) },
    },
    {
      all: whole,
      asked: ["sa.pub"],
      machine: { "sa.pub": open(renewed), "sa.key": "-> private/1.key", "private/1.key": secret(renewed) },
    },
  ];
  for (const [index, one] of cases.entries()) {
    const { problems } = judged(one);
    assert.equal(problems.length, 1, `${String(index)}: ${problems.join("\n")}`);
    assert.match(problems[0] ?? "", both, String(index));
  }
  for (const [index, { all, asked, machine }] of cases.entries()) {
    const files = Object.entries(machine).map(([path, text]) => [path, text === secret(renewed) ? secret(old) : text]);
    assert.deepEqual(judged({ all, asked, machine: Object.fromEntries(files) as Files }).problems, [], String(index));
  }
});

test("companionProblem: a half in which no key is read is not known, and is named: empty, cut off, sealed, of whichever side", () => {
  const unread = { "": "it is empty", "-----BEGIN PRIVATE KEY-----\nMC4CAQ": "it holds none", [sealed(old)]: "it is sealed" };
  for (const [text, why] of Object.entries(unread)) {
    const words = new RegExp(`No key is read in \\S*sa\\.key \\(${why.replace("it is sealed", "its key is sealed")}`);
    const own = judged({
      all: { "sa.pub": open(old), "sa.key": secret(old) },
      asked: ["sa.pub"],
      machine: { "sa.pub": open(old), "sa.key": text },
    });
    assert.match(own.problems.join(), words);
    assert.match(own.problems.join(), /not known\. Put both back: --path \S*sa\.pub --path \S*sa\.key/);
    const good = { "sa.pub": open(old), "sa.key": secret(old) };
    const ofSet = judged({ all: { "sa.pub": open(old), "sa.key": text }, asked: ["sa.pub", "sa.key"], machine: good });
    assert.equal(ofSet.problems.length, 1);
    assert.match(ofSet.problems[0] ?? "", words);
    assert.match(ofSet.problems[0] ?? "", /from another set/);
  }
});

test("companionProblem: of a pair of which the set has one half, the machine's is the other one; where it has none, the half stands alone", () => {
  const all = { "sa.pub": open(old) };
  const judge = (machine: Files) => judged({ all, asked: ["sa.pub"], machine }).problems.join();
  assert.match(judge({ "sa.key": secret(renewed) }), /not of one key.*The set has no \S*sa\.key.*from another set/);
  assert.equal(judge({ "sa.key": secret(old) }), "");
  assert.equal(judge({}), "");
});

test("companionProblem: a half that is not there though the set has it, or that is none, is refused; a CA's certificate stands alone", () => {
  const judge = (name: string, half: string, machine: Files) =>
    judged({ all: { [name]: open(old), [half]: secret(old) }, asked: [name], machine }).problems.join();
  assert.match(
    judge("sa.pub", "sa.key", {}),
    /sa\.pub of the set is worth nothing without \S*sa\.key, which is not on the machine\. Put both/,
  );
  assert.match(judge("sa.pub", "sa.key", { "sa.key": "/" }), /not known \(a directory\)/);
  assert.equal(judge("ca.crt", "ca.key", {}), "");
});

test("companionProblem: a pair that the set has of two keys is refused once; several keys in sa.pub are each one", () => {
  const judge = (pub: string) =>
    judged({ all: { "sa.key": secret(old), "sa.pub": pub }, asked: ["sa.key", "sa.pub"], machine: {} }).problems;
  assert.equal(judge(open(renewed)).length, 1);
  assert.match(judge(open(renewed))[0] ?? "", /sa\.key and \S*sa\.pub would not be of one key, as the set has them.*requorum backup list/);
  assert.deepEqual([judge(open(old)), judge(open(renewed) + open(old))], [[], []]);
});

test("companionProblem: a link of the set to what neither has, or in a circle, or to what is not known, is refused; a directory will do", () => {
  const judge = (target: string, machine: Files, all: Files = {}) =>
    judged({ all: { "a.yaml": `-> ${target}`, ...all }, asked: ["a.yaml"], machine }).problems.join();
  assert.match(
    judge("/opt/gone.crt", {}),
    /would lead to nothing: it leads to \/opt\/gone\.crt, which is not on the machine\. The set does not have/,
  );
  assert.match(judge("b.yaml", {}, { "b.yaml": "x" }), /lead to nothing.*Put both back: --path \S*a\.yaml --path \S*b\.yaml/);
  assert.match(judge("a.yaml", {}), /circle/);
  assert.match(judge("/opt/unseen", {}), /what that is on the machine is not known \(it could not be looked at\)/);
  const same = { all: { "a.yaml": "-> /dev/null" }, asked: ["a.yaml"], machine: {}, isChanged: false };
  assert.deepEqual([judged(same).problems.length, judged({ ...same, isChanged: true }).problems.length], [0, 1]);
  assert.deepEqual([judge("/opt/d", { "/opt/d": "/" }), judge("/opt/f", { "/opt/f": "x" })], ["", ""]);
});

test("restsOf: the machine's own files and links by which a file was judged, and what is missing of those that the set has", () => {
  const machine = { "sa.key": "-> private/1.key", "private/1.key": secret(old) };
  const rests = (all: Files, own: Files) => judged({ all, asked: ["sa.pub"], machine: own }).rests;
  assert.deepEqual(rests({ "sa.pub": open(old) }, machine), [at("sa.key"), at("private/1.key")]);
  assert.deepEqual(rests({ "sa.pub": open(old), "sa.key": secret(old) }, {}), [at("sa.key")]);
  assert.deepEqual(rests({ "sa.pub": open(old) }, {}), []);
});
