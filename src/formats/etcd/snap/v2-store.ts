/**
 * The v2 store inside a raft snapshot file. etcd 3.4 to 3.7 keep members and
 * the cluster version in it; what users of the v2 API wrote stops 3.6 from
 * starting (failure catalogue E27).
 * Source: etcd server/etcdserver/api/v2store/{store,node}.go, server/etcdserver/api/membership/storev2.go (paths, IsMetaStoreOnly).
 */
import { damaged, unsupported } from "../../format-error.ts";

export interface V2Member {
  readonly id: bigint;
  /** Empty until it has started once. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface V2Store {
  /** By id. */
  readonly members: readonly V2Member[];
  readonly removed: readonly bigint[];
  /** `3.5.0`; undefined before the first leader has set it. */
  readonly clusterVersion: string | undefined;
  /** Paths at the top that hold anything but members and versions, at most 100: what 3.6 refuses. */
  readonly foreignPaths: readonly string[];
}

/** Some KiB in life; JSON of this size takes about ten times as much memory. */
const maxJsonBytes = 16 << 20;
const maxPaths = 100;
const maxMembers = 100_000;
const utf8 = new TextDecoder("utf-8", { fatal: true });

type Json = Readonly<Record<string, unknown>>;

/** `data` of a RaftSnapshot; `file` for messages. Throws FILE_DAMAGED, and FILE_UNSUPPORTED above 16 MiB. */
export function readV2Store(data: Uint8Array, file: string): V2Store {
  if (data.length > maxJsonBytes)
    throw unsupported(file, undefined, `a v2 store of ${data.length} bytes; at most ${maxJsonBytes} are read`);
  const root = objectOf(objectOf(parse(data, file), "the v2 store", file)["Root"], "the v2 store's root", file);
  const top = childrenOf(root, file);
  const meta = childrenOf(top["0"], file);
  const members = listed(childrenOf(meta["members"], file), file).map(([id, node]) => memberOf(id, childrenOf(node, file), file));
  const removed = listed(childrenOf(meta["removed_members"], file), file).map(([id]) => id);
  const version = isObject(meta["version"]) ? meta["version"]["Value"] : undefined;
  return {
    members,
    removed,
    clusterVersion: typeof version === "string" && version !== "" ? version : undefined,
    foreignPaths: foreignPathsOf(top, file),
  };
}

/** `/0` is etcd's own; `/2` is v2 auth, empty but for its skeleton when nobody uses it. */
function foreignPathsOf(top: Json, file: string): readonly string[] {
  const paths: string[] = [];
  for (const [name, node] of Object.entries(top)) {
    if (paths.length >= maxPaths) break;
    if (name === "0") continue;
    const children = childrenOf(node, file);
    const isUsed =
      name === "2"
        ? Object.values(children).some((child) => Object.keys(childrenOf(child, file)).length > 0)
        : Object.keys(children).length > 0;
    if (isUsed) paths.push(`/${name}`);
  }
  return paths;
}

function memberOf(id: bigint, parts: Json, file: string): V2Member {
  const raft = innerJson(parts["raftAttributes"], file);
  const own = innerJson(parts["attributes"], file);
  const { isLearner = false } = raft;
  const { name = "" } = own;
  if (typeof name !== "string" || typeof isLearner !== "boolean")
    throw damaged(file, undefined, `member ${id.toString(16)} in the v2 store: name or isLearner of a wrong type`);
  return { id, name, peerUrls: textsOf(raft["peerURLs"], file), clientUrls: textsOf(own["clientURLs"], file), isLearner };
}

function listed(children: Json, file: string): readonly (readonly [bigint, unknown])[] {
  const all = Object.entries(children);
  if (all.length > maxMembers) throw unsupported(file, undefined, `a v2 store with ${all.length} members`);
  return all.map(([name, node]) => {
    if (!/^[0-9a-f]{1,16}$/.test(name))
      throw damaged(file, undefined, `${JSON.stringify(name.slice(0, 32))} in the v2 store is no member id`);
    return [BigInt(`0x${name}`), node] as const;
  });
}

/** The value of a file in the store is JSON once more; no file, no fields. */
function innerJson(node: unknown, file: string): Json {
  if (!isObject(node)) return {};
  const value = node["Value"];
  if (typeof value !== "string" || value === "") return {};
  return objectOf(parseText(value, file), "a member's attributes in the v2 store", file);
}

function parse(data: Uint8Array, file: string): unknown {
  try {
    return parseText(utf8.decode(data), file);
  } catch (error) {
    if (error instanceof TypeError) throw damaged(file, undefined, "the v2 store is not UTF-8");
    throw error;
  }
}
function parseText(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // RangeError: nested deeper than the stack.
    if (error instanceof SyntaxError || error instanceof RangeError) throw damaged(file, undefined, "the v2 store is not JSON");
    throw error;
  }
}

function childrenOf(node: unknown, file: string): Json {
  if (!isObject(node)) return {};
  const children = node["Children"] ?? {};
  return objectOf(children, "the children of a node in the v2 store", file);
}
function objectOf(value: unknown, what: string, file: string): Json {
  if (!isObject(value)) throw damaged(file, undefined, `${what}: no JSON object`);
  return value;
}
function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function textsOf(value: unknown, file: string): readonly string[] {
  const list = value ?? [];
  if (!Array.isArray(list) || !list.every((one) => typeof one === "string"))
    throw damaged(file, undefined, "URLs in the v2 store that are no list of texts");
  return list;
}
