import type { StoredMember } from "../schema/read-members.ts";
import { goJson, raftAttributesJson } from "./member-json.ts";

/**
 * The content of a raft snapshot file: a v2 store that holds only members and
 * the cluster version. etcd 3.4 and 3.5 read the members from it; 3.6 only
 * checks it; 3.7 does not need it. The event queue must have as many places as
 * its capacity, or 3.4 and 3.5 panic at the first v2 event.
 * Source: etcd server/etcdserver/api/v2store (store.go, node.go, event_queue.go),
 * server/etcdserver/api/membership/storev2.go.
 */
export function v2StoreJson(members: readonly StoredMember[], clusterVersion: string | undefined): string {
  const store = new V2Nodes();
  for (const member of members) store.file(["0", "members", member.id, "raftAttributes"], raftAttributesJson(member));
  if (clusterVersion !== undefined) store.file(["0", "version"], clusterVersion);
  return store.json();
}

const eventPlaces = 1000;
const never = "0001-01-01T00:00:00Z";
const stats =
  '{"getsSuccess":0,"getsFail":0,"setsSuccess":0,"setsFail":0,"deleteSuccess":0,"deleteFail":0,"updateSuccess":0,"updateFail":0,' +
  '"createSuccess":0,"createFail":0,"compareAndSwapSuccess":0,"compareAndSwapFail":0,"compareAndDeleteSuccess":0,"compareAndDeleteFail":0,' +
  '"expireCount":0,"watchers":0}';

interface V2Node {
  readonly path: string;
  readonly index: number;
  readonly value: string;
  /** undefined for a file. */
  readonly children: Map<string, V2Node> | undefined;
}

class V2Nodes {
  private index = 0;
  private readonly root: V2Node = { path: "/", index: 0, value: "", children: new Map() };

  constructor() {
    for (const name of ["0", "1"]) this.root.children?.set(name, { path: `/${name}`, index: 0, value: "", children: new Map() });
  }

  file(path: readonly string[], value: string): void {
    this.index += 1;
    let directory = this.root;
    for (const [depth, name] of path.entries()) {
      const at = `/${path.slice(0, depth + 1).join("/")}`;
      const isFile = depth === path.length - 1;
      const known = directory.children?.get(name);
      const node = known ?? {
        path: at,
        index: this.index,
        value: isFile ? value : "",
        children: isFile ? undefined : new Map<string, V2Node>(),
      };
      directory.children?.set(name, node);
      directory = node;
    }
  }

  json(): string {
    const events = `[${Array.from({ length: eventPlaces }, () => "null").join(",")}]`;
    const queue = `{"Events":${events},"Size":0,"Front":0,"Back":0,"Capacity":${eventPlaces}}`;
    return (
      `{"Root":${nodeJson(this.root)},"WatcherHub":{"EventHistory":{"Queue":${queue},"StartIndex":0,"LastIndex":0}},` +
      `"CurrentIndex":${this.index},"Stats":${stats},"CurrentVersion":2}`
    );
  }
}

/** Recursion ends: the paths above are at most four deep. */
function nodeJson(node: V2Node): string {
  const children =
    node.children === undefined ? "null" : `{${[...node.children].map(([name, child]) => `${goJson(name)}:${nodeJson(child)}`).join(",")}}`;
  return (
    `{"Path":${goJson(node.path)},"CreatedIndex":${node.index},"ModifiedIndex":${node.index},"ExpireTime":"${never}",` +
    `"Value":${goJson(node.value)},"Children":${children}}`
  );
}
