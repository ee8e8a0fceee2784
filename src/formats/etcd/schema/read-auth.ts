import { unsupported } from "../../format-error.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import type { WireReader } from "../../protobuf/wire-reader.ts";
import { authKeys, bucketNames } from "./bucket-names.ts";
import { entriesOf, messageValue, textValue, uint64Value, valueOf } from "./bucket-values.ts";

/** The hash of the password is never taken out of the file. */
export interface StoredUser {
  readonly name: string;
  readonly hasPassword: boolean;
  /** May only use a certificate. */
  readonly isWithoutPassword: boolean;
  readonly roles: readonly string[];
}
export interface StoredPermission {
  readonly kind: "read" | "write" | "readwrite" | (string & {});
  readonly key: Uint8Array;
  /** Empty: the key alone; one 0 byte: everything from the key on. */
  readonly rangeEnd: Uint8Array;
}
export interface StoredRole {
  readonly name: string;
  readonly permissions: readonly StoredPermission[];
}
export interface StoredAuth {
  readonly isEnabled: boolean;
  /** Counts changes of users and roles. */
  readonly revision: bigint | undefined;
  readonly users: readonly StoredUser[];
  readonly roles: readonly StoredRole[];
}

/** Kubernetes uses none; others have hundreds. */
const maxUsersOrRoles = 100_000;

/** The buckets `auth`, `authUsers`, `authRoles`. Source: etcd api/authpb/auth.proto, server/storage/schema/auth.go. Throws FILE_DAMAGED, FILE_UNSUPPORTED. */
export function readAuth(bolt: BoltReader): StoredAuth {
  const enabled = valueOf(bolt, bucketNames.auth, authKeys.enabled);
  const revision = valueOf(bolt, bucketNames.auth, authKeys.revision);
  return {
    isEnabled: enabled?.length === 1 && enabled[0] === 1,
    revision: revision === undefined ? undefined : uint64Value(bolt, "auth/authRevision", revision),
    users: readAll(bolt, bucketNames.authUsers, "a user", readUser),
    roles: readAll(bolt, bucketNames.authRoles, "a role", readRole),
  };
}

function readAll<Value>(
  bolt: BoltReader,
  bucket: Uint8Array,
  what: string,
  decode: (reader: WireReader, name: string) => Value,
): readonly Value[] {
  const all: Value[] = [];
  for (const { key, value } of entriesOf(bolt, bucket)) {
    if (all.length === maxUsersOrRoles)
      throw unsupported(bolt.name, undefined, `more than ${maxUsersOrRoles} entries where ${what} stands`);
    const name = textValue(bolt, `the name of ${what}`, key);
    all.push(messageValue(bolt, what, value, (reader) => decode(reader, name)));
  }
  return all;
}

function readUser(reader: WireReader, name: string): StoredUser {
  let [hasPassword, isWithoutPassword] = [false, false];
  const roles: string[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field > 4) {
      reader.skip();
      continue;
    }
    reader.expect(2);
    if (field === 2) hasPassword = reader.view().length > 0;
    else if (field === 3) roles.push(reader.string());
    else if (field === 4) isWithoutPassword = readNoPassword(reader.message());
    else reader.view();
  }
  return { name, hasPassword, isWithoutPassword, roles };
}

function readNoPassword(reader: WireReader): boolean {
  let isWithout = false;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) {
      reader.expect(0);
      isWithout = reader.bool();
    } else reader.skip();
  }
  return isWithout;
}

function readRole(reader: WireReader, name: string): StoredRole {
  const permissions: StoredPermission[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 2) {
      reader.expect(2);
      permissions.push(readPermission(reader.message()));
    } else reader.skip();
  }
  return { name, permissions };
}

function readPermission(reader: WireReader): StoredPermission {
  let kind = 0;
  let [key, rangeEnd] = [new Uint8Array(0), new Uint8Array(0)];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) {
      reader.expect(0);
      kind = reader.int32();
    } else if (field === 2 || field === 3) {
      reader.expect(2);
      const bytes = new Uint8Array(reader.view());
      if (field === 2) key = bytes;
      else rangeEnd = bytes;
    } else reader.skip();
  }
  return { kind: ["read", "write", "readwrite"][kind] ?? `unknown ${kind}`, key, rangeEnd };
}
