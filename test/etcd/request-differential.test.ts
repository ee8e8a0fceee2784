/**
 * Requests of the log, made, changed and random, decoded by us and by etcd
 * 3.6's own types (tools/wal-oracle): the same text, or both refuse. Where only
 * we refuse, the reason is in `stricter`.
 */
import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";
import { readInternalRequest } from "../../src/formats/etcd/raft/read-internal-request.ts";
import { WireWriter } from "../../src/formats/protobuf/wire-writer.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { requestLine } from "../support/request-line.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { WalOracle } from "../support/wal-oracle.ts";

const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? 4000);
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? 1);

/**
 * More than one action (etcd applies one of them), values of enums that no etcd knows, texts that are no UTF-8 and tags beyond 32 bits (Go takes both), and nesting that nobody makes.
 * Field number 0 only within a group: Go steps over groups, which no etcd writes, without a look at their numbers; elsewhere it refuses.
 */
const stricter =
  /more than one action|compare target|compare result|alarm action|alarm type|permission type|not UTF-8|nested more than|more than 32 bits|field number 0 in a group/;
/** Any bytes with a field or two are a v2 request to etcd, which then changes nothing; and Go takes texts that are no UTF-8 there too. */
function isNoRealV2(line: string): boolean {
  const [kind, , ...texts] = line.split(" ");
  const [method = "", path = "", value = ""] = texts.map((text) => Buffer.from(text, "hex"));
  return kind === "v2" && (!/^[A-Z]{3,8}$/.test(String(method)) || ![path, value].every((text) => isUtf8(Buffer.from(text))));
}

test(`${String(rounds)} requests are decoded as etcd decodes them`, async () => {
  const oracle = await WalOracle.start();
  let [same, refused, stricterCount] = [0, 0, 0];
  try {
    for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
      const bytes = changed(made(seededRandom(seed)), seededRandom(seed + 1_000_000_000));
      const theirs = await oracle.askRequest(bytes);
      const ours = requestLine(bytes);
      if (ours === theirs) {
        if (ours === "undecodable") refused += 1;
        else same += 1;
      } else {
        stricterCount += 1;
        assert.equal(ours, "undecodable", `seed ${String(seed)}: etcd ${theirs}`);
        if (!isNoRealV2(theirs)) assert.match(reasonOf(bytes), stricter, `seed ${String(seed)}: etcd ${theirs}`);
      }
    }
  } finally {
    oracle.close();
  }
  process.stderr.write(`  same ${String(same)}, both refuse ${String(refused)}, we are stricter ${String(stricterCount)}\n`);
  assert.ok(rounds < 500 || same > rounds / 4);
});

function reasonOf(bytes: Uint8Array): string {
  try {
    readInternalRequest(bytes, { file: "log", offset: undefined });
  } catch (error) {
    if (error instanceof RecoveryError) return error.detail;
    throw error;
  }
  return "";
}

type Random = () => number;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const number = (random: Random): bigint => [0n, 1n, -1n, 127n, 128n, 2n ** 31n, 2n ** 62n, -(2n ** 63n)][below(random, 8)] ?? 0n;
const text = (random: Random): string => "/registry/pods/ns1/a".slice(0, below(random, 20));

function put(writer: WireWriter, random: Random): void {
  writer.string(1, text(random)).string(2, text(random)).int64(3, number(random));
  if (random() < 0.3) writer.bool(4 + below(random, 3), random() < 0.8);
}
function range(writer: WireWriter, random: Random): void {
  writer.string(1, text(random));
  if (random() < 0.5) writer.bytes(2, Uint8Array.of(below(random, 3)));
}
function txn(writer: WireWriter, random: Random, depth: number): void {
  for (let count = below(random, 3); count > 0; count -= 1)
    writer.message(1, (compare) => {
      const target = below(random, 5);
      compare.uint32(1, below(random, 4)).uint32(2, target).string(3, text(random));
      const field = random() < 0.8 ? [4, 5, 6, 7, 8][target] : 4 + below(random, 5);
      if (field === 7) compare.string(7, text(random));
      else compare.int64(field ?? 4, number(random));
      if (random() < 0.2) compare.bytes(64, Uint8Array.of(0));
    });
  for (let count = below(random, 4); count > 0; count -= 1)
    writer.message(2 + below(random, 2), (operation) => {
      const kind = 1 + below(random, depth > 3 ? 3 : 4);
      operation.message(kind, (inner) => {
        if (kind === 2) put(inner, random);
        else if (kind === 4) txn(inner, random, depth + 1);
        else range(inner, random);
      });
    });
}

function made(random: Random): Uint8Array {
  const writer = new WireWriter();
  if (random() < 0.15) {
    const method = ["PUT", "DELETE", "SYNC", "QGET", "POST"][below(random, 5)] ?? "";
    return writer
      .uint64(1, number(random))
      .string(2, method)
      .string(3, text(random))
      .string(4, text(random))
      .bool(5, random() < 0.5)
      .finish();
  }
  if (random() < 0.2) writer.uint64(1, number(random));
  writer.message(100, (header) => header.uint64(1, number(random)).string(2, "user").uint64(3, 2n));
  const fields = [3, 4, 4, 5, 6, 6, 6, 7, 8, 9, 10, 11, 1300, 1301, 1302, 1100, 1203];
  const field = fields[below(random, fields.length)] ?? 4;
  writer.message(field, (inner) => {
    if (field === 4) put(inner, random);
    else if (field === 6) txn(inner, random, 0);
    else if (field === 3 || field === 5) range(inner, random);
    else if (field === 10) inner.uint32(1, below(random, 3)).uint64(2, number(random)).uint32(3, below(random, 3));
    else if (field === 11) inner.message(1, (one) => one.int64(1, number(random)).int64(2, number(random)));
    else if (field === 1301) inner.uint64(1, number(random)).message(2, (own) => own.string(1, "m1").string(2, "http://h:2379"));
    else if (field === 1302) inner.bool(1, true).string(2, "3.5.0");
    else if (field === 1300 || field === 1100 || field === 1203) inner.string(1, "3.5.0");
    else inner.int64(1, number(random)).int64(2, number(random));
  });
  return writer.finish();
}

function changed(bytes: Uint8Array, random: Random): Uint8Array {
  if (random() < 0.35) return bytes;
  const copy = random() < 0.15 ? bytes.slice(0, below(random, bytes.length + 1)) : bytes.slice();
  for (let count = 1 + below(random, 2); count > 0 && copy.length > 0; count -= 1) {
    const at = below(random, copy.length);
    copy[at] = random() < 0.5 ? (copy[at] ?? 0) ^ (1 << below(random, 8)) : below(random, 256);
  }
  return copy;
}
