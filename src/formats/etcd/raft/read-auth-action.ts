/** The requests that change users, roles and auth itself. Throws MalformedMessage. Source: etcd api/etcdserverpb/{raft_internal,rpc}.proto. */
import { boolOf, messageOf, stringOf, uint32Of, viewOf } from "../../protobuf/checked-fields.ts";
import type { WireReader } from "../../protobuf/wire-reader.ts";
import type { AuthAction, RolePermission } from "./internal-raft-request.ts";
import { nameOf } from "./read-txn.ts";

const nothing = new Uint8Array(0);

/** undefined, with nothing read, when the field of an InternalRaftRequest is not one of auth. */
export function authActionOf(field: number, reader: WireReader): AuthAction | undefined {
  switch (field) {
    case 1000:
      return empty(reader, "enable");
    case 1011:
      return empty(reader, "disable");
    case 1013:
      return empty(reader, "status");
    case 1012: {
      const [name, password, simpleToken] = textsOf(messageOf(reader), 3);
      return { kind: "authenticate", name, password, simpleToken };
    }
    case 1100:
      return userAddOf(messageOf(reader));
    case 1101:
      return { kind: "user-delete", name: textsOf(messageOf(reader), 1)[0] };
    case 1102:
      return { kind: "user-get", name: textsOf(messageOf(reader), 1)[0] };
    case 1103: {
      const [name, password, hashedPassword] = textsOf(messageOf(reader), 3);
      return { kind: "user-change-password", name, password, hashedPassword };
    }
    case 1104:
    case 1105: {
      const [name, role] = textsOf(messageOf(reader), 2);
      return { kind: field === 1104 ? "user-grant-role" : "user-revoke-role", name, role };
    }
    case 1106:
      return empty(reader, "user-list");
    case 1107:
      return empty(reader, "role-list");
    case 1200:
      return { kind: "role-add", role: textsOf(messageOf(reader), 1)[0] };
    case 1201:
      return { kind: "role-delete", role: textsOf(messageOf(reader), 1)[0] };
    case 1202:
      return { kind: "role-get", role: textsOf(messageOf(reader), 1)[0] };
    case 1203:
      return grantOf(messageOf(reader));
    case 1204:
      return revokeOf(messageOf(reader));
    default:
      return undefined;
  }
}

function empty<const Kind extends "enable" | "disable" | "status" | "user-list" | "role-list">(
  reader: WireReader,
  kind: Kind,
): { readonly kind: Kind } {
  textsOf(messageOf(reader), 0);
  return { kind };
}

/** Fields 1 to `count`, where those are the strings that etcd knows there; what stands in others is not looked at, as etcd does not. */
function textsOf(reader: WireReader, count: 0 | 1 | 2 | 3): [string, string, string] {
  const texts: [string, string, string] = ["", "", ""];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field <= count) texts[field - 1] = stringOf(reader);
    else reader.skip();
  }
  return texts;
}

function userAddOf(reader: WireReader): AuthAction {
  let [name, password, hashedPassword, hasNoPassword] = ["", "", "", false];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) name = stringOf(reader);
    else if (field === 2) password = stringOf(reader);
    else if (field === 3) {
      const options = messageOf(reader);
      for (let part = options.nextField(); part !== 0; part = options.nextField()) {
        if (part === 1) hasNoPassword = boolOf(options);
        else options.skip();
      }
    } else if (field === 4) hashedPassword = stringOf(reader);
    else reader.skip();
  }
  return { kind: "user-add", name, password, hashedPassword, hasNoPassword };
}

function grantOf(reader: WireReader): AuthAction {
  let role = "";
  let permission: RolePermission = { kind: "read", key: nothing, rangeEnd: nothing };
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) role = stringOf(reader);
    else if (field === 2) permission = permissionOf(messageOf(reader));
    else reader.skip();
  }
  return { kind: "role-grant-permission", role, permission };
}

function permissionOf(reader: WireReader): RolePermission {
  let [kind, key, rangeEnd]: [number, Uint8Array, Uint8Array] = [0, nothing, nothing];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) kind = uint32Of(reader);
    else if (field === 2) key = viewOf(reader);
    else if (field === 3) rangeEnd = viewOf(reader);
    else reader.skip();
  }
  return { kind: nameOf(["read", "write", "read-write"] as const, kind, reader, "permission type"), key, rangeEnd };
}

function revokeOf(reader: WireReader): AuthAction {
  let [role, key, rangeEnd]: [string, Uint8Array, Uint8Array] = ["", nothing, nothing];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) role = stringOf(reader);
    else if (field === 2) key = viewOf(reader);
    else if (field === 3) rangeEnd = viewOf(reader);
    else reader.skip();
  }
  return { kind: "role-revoke-permission", role, key, rangeEnd };
}
