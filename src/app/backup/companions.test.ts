import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { nodeKeyMatcher } from "../../adapters/system/node-key-matcher.ts";
import type { OpenSet } from "../../catalogue/set-reader.ts";
import { asHostName } from "../../model/ids.ts";
import type { FileState } from "../../model/restored-file.ts";
import { companionProblem, companionsOf, pairProblem } from "./companions.ts";
import type { ReadPart } from "./wanted-parts.ts";

const host = asHostName("cp1");
const pair = () => generateKeyPairSync("ed25519");
const secret = (keys: ReturnType<typeof pair>) => Buffer.from(keys.privateKey.export({ format: "pem", type: "pkcs8" }).toString());
const open = (keys: ReturnType<typeof pair>) => Buffer.from(keys.publicKey.export({ format: "pem", type: "spki" }).toString());
const part = (path: string, content: Uint8Array, target?: string) =>
  ({ part: { host, kind: "pki", type: target === undefined ? "file" : "symlink", path, target }, content }) as unknown as ReadPart;
const companions = (all: readonly ReadPart[], chosen: readonly ReadPart[]) =>
  companionsOf({ parts: all.map((one) => one.part) } as unknown as OpenSet, host, chosen);
const pki = "/etc/kubernetes/pki";

test("companionsOf: the other half of a key and what a link leads to, where the set has it and nobody asked for it", () => {
  const none = new Uint8Array();
  const all = [
    ...["sa.key", "sa.pub", "a.crt", "a.key", "ca.crt", "admin.pem", "admin-key.pem", "client-2.pem", "b.crt.bak", "b.key.bak"].map(
      (name) => part(`${pki}/${name}`, none),
    ),
    part(`${pki}/current.pem`, none, "client-2.pem"),
  ];
  const found = all.map((one) => [one.part.path.slice(pki.length + 1), companions(all, [one])[0]?.path.slice(pki.length + 1)]);
  assert.deepEqual(Object.fromEntries(found), {
    "sa.key": "sa.pub",
    "sa.pub": "sa.key",
    "a.crt": "a.key",
    "a.key": "a.crt",
    "ca.crt": undefined,
    "admin.pem": "admin-key.pem",
    "admin-key.pem": "admin.pem",
    "client-2.pem": undefined,
    "b.crt.bak": "b.key.bak",
    "b.key.bak": "b.crt.bak",
    "current.pem": "client-2.pem",
  });
  assert.deepEqual(companions(all, all), []);
});

test("companionsOf: a link's companion is found through the set's other links", () => {
  const none = new Uint8Array();
  const link = part("/data/kubelet/pki/current.pem", none, "/var/lib/kubelet/pki/2024.pem");
  const all = [part("/var/lib/kubelet", none, "/data/kubelet"), part("/data/kubelet/pki/2024.pem", none), link];
  assert.deepEqual(
    companions(all, [link]).map(({ path }) => path),
    ["/data/kubelet/pki/2024.pem"],
  );
});

test("companionProblem: half of another key than the machine's, and a link to nothing, are told with both paths to name", () => {
  const [old, renewed] = [pair(), pair()];
  const of = part(`${pki}/sa.pub`, open(old));
  const path = `${pki}/sa.key`;
  const now = (content: Uint8Array) => ({ path, state: { kind: "file", tag: "", mode: 0o600, uid: 0, gid: 0 }, content }) as const;
  assert.match(
    companionProblem(nodeKeyMatcher, { of, path }, now(secret(renewed))) ?? "",
    /not of one key.*--path \S*sa\.pub --path \S*sa\.key/,
  );
  assert.equal(companionProblem(nodeKeyMatcher, { of, path }, now(secret(old))), undefined);
  assert.equal(companionProblem(nodeKeyMatcher, { of, path }, now(Buffer.from("no key"))), undefined);
  const link = { of: part(`${pki}/current.pem`, new Uint8Array(), "client-1.pem"), path: `${pki}/client-1.pem` };
  const absent = { path: link.path, state: { kind: "absent" }, content: undefined } as const;
  assert.match(companionProblem(nodeKeyMatcher, link, absent) ?? "", /leads to \S*client-1\.pem, which is not on the machine.*--path/);
  assert.equal(companionProblem(nodeKeyMatcher, link, { ...now(secret(old)), path: link.path }), undefined);
  assert.match(companionProblem(nodeKeyMatcher, link, undefined) ?? "", /not known \(it could not be looked at\)/);
});

test("companionProblem: a half whose other one is not on the machine, or is not known, is refused; a CA's certificate stands alone", () => {
  const path = `${pki}/apiserver.key`;
  const of = part(`${pki}/apiserver.crt`, Buffer.from("a certificate"));
  const at = (state: FileState | undefined) => ({ path, state, content: undefined });
  assert.match(
    companionProblem(nodeKeyMatcher, { of, path }, at({ kind: "absent" })) ?? "",
    /worth nothing without .*not on the machine.*--path/,
  );
  assert.match(
    companionProblem(nodeKeyMatcher, { of, path }, at({ kind: "other", what: "a directory" })) ?? "",
    /not known \(a directory\)/,
  );
  assert.match(companionProblem(nodeKeyMatcher, { of, path }, at(undefined)) ?? "", /not known/);
  const ca = { of: part(`${pki}/ca.crt`, Buffer.from("a certificate")), path: `${pki}/ca.key` };
  assert.equal(companionProblem(nodeKeyMatcher, ca, at({ kind: "absent" })), undefined);
});

test("pairProblem: a pair that the set has of two keys is refused once, one of one key or of no key that is read is not", () => {
  const [old, renewed] = [pair(), pair()];
  const key = part(`${pki}/sa.key`, secret(old));
  const pub = (content: Uint8Array) => part(`${pki}/sa.pub`, content);
  const problems = (...parts: readonly ReadPart[]) =>
    parts.flatMap((one) => pairProblem(nodeKeyMatcher, one, { parts, readAfter: ({ content }) => content }) ?? []);
  assert.equal(problems(key, pub(open(renewed))).length, 1);
  assert.match(problems(pub(open(renewed)), key)[0] ?? "", /sa\.key and \S*sa\.pub would not be of one key.*requorum backup list/);
  for (const parts of [[key, pub(open(old))], [key, pub(Buffer.from("no key"))], [key]]) assert.deepEqual(problems(...parts), []);
});
