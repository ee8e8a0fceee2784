import assert from "node:assert/strict";
import { test } from "node:test";
import { readV2Store } from "./v2-store.ts";

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const dir = (children: Record<string, unknown>): unknown => ({ Value: "", Children: children });
const file = (value: string): unknown => ({ Value: value, Children: null });

test("readV2Store gives members, removed members and the cluster version", () => {
  const store = bytesOf({
    Root: dir({
      "0": dir({
        members: dir({
          ff00000000000001: dir({
            raftAttributes: file('{"peerURLs":["http://a:2380"],"isLearner":true}'),
            attributes: file('{"name":"m1","clientURLs":["http://a:2379"]}'),
          }),
          "2": dir({ raftAttributes: file('{"peerURLs":["http://b:2380"]}') }),
        }),
        removed_members: dir({ "3": file("") }),
        version: file("3.5.0"),
      }),
      "1": dir({}),
    }),
  });
  assert.deepEqual(readV2Store(store, "x.snap"), {
    members: [
      { id: 2n, name: "", peerUrls: ["http://b:2380"], clientUrls: [], isLearner: false },
      { id: 0xff00000000000001n, name: "m1", peerUrls: ["http://a:2380"], clientUrls: ["http://a:2379"], isLearner: true },
    ],
    removed: [3n],
    clusterVersion: "3.5.0",
    foreignPaths: [],
  });
});

test("readV2Store names what users wrote through the v2 API, which 3.6 refuses; empty v2 auth is not that", () => {
  const store = (top: Record<string, unknown>): Uint8Array => bytesOf({ Root: dir(top) });
  assert.deepEqual(readV2Store(store({ "1": dir({ key: file("v") }) }), "x").foreignPaths, ["/1"]);
  assert.deepEqual(readV2Store(store({ "2": dir({ roles: dir({}), enabled: file("false") }) }), "x").foreignPaths, []);
  assert.deepEqual(readV2Store(store({ "2": dir({ users: dir({ root: file("{}") }) }) }), "x").foreignPaths, ["/2"]);
});

test("readV2Store: what is no such JSON is damage", () => {
  const cases: readonly Uint8Array[] = [
    new Uint8Array(0),
    Uint8Array.of(0xff),
    bytesOf([]),
    bytesOf({}),
    bytesOf({ Root: dir({ "0": dir({ members: dir({ "not-hex": dir({}) }) }) }) }),
    bytesOf({ Root: dir({ "0": dir({ members: dir({ "1": dir({ raftAttributes: file("{") }) }) }) }) }),
    bytesOf({ Root: dir({ "0": dir({ members: dir({ "1": dir({ raftAttributes: file('{"peerURLs":[1]}') }) }) }) }) }),
    new TextEncoder().encode("[".repeat(1_000_000)),
  ];
  for (const bytes of cases) assert.throws(() => readV2Store(bytes, "x"), { code: "FILE_DAMAGED" });
});
