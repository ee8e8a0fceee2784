import { chown, lstat, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxCertificates } from "./sandbox-certificates.ts";
import type { SandboxDirectory } from "./sandbox-directory.ts";
import type { SandboxUser } from "./sandbox-user.ts";
import { fileFailed } from "./to-recovery-error.ts";

/** What starts a program of the sandbox needs to know. */
export interface SandboxRoom {
  readonly directory: SandboxDirectory;
  readonly user: SandboxUser | undefined;
  readonly hasSetpriv: boolean;
  readonly peerPort: number;
}

/** A file 0600 of the sandbox's user; its path. */
export async function writeRoomFile(room: SandboxRoom, name: string, content: string): Promise<string> {
  const path = join(room.directory.path, name);
  try {
    await writeFile(path, content, { mode: 0o600 });
    await giveToUser(room, path);
    return path;
  } catch (cause) {
    throw fileFailed(cause, path, "write it");
  }
}

export interface CertificatePaths {
  readonly ca: string;
  readonly server: { readonly certificate: string; readonly key: string };
  readonly client: { readonly certificate: string; readonly key: string };
}

/** May be called again: the same content goes to the same places. */
export async function writeCertificates(room: SandboxRoom, certificates: SandboxCertificates): Promise<CertificatePaths> {
  const pair = async (name: "server" | "client"): Promise<{ readonly certificate: string; readonly key: string }> => ({
    certificate: await writeRoomFile(room, `${name}.crt`, certificates[name].certificate),
    key: await writeRoomFile(room, `${name}.key`, certificates[name].key),
  });
  return { ca: await writeRoomFile(room, "ca.crt", certificates.ca), server: await pair("server"), client: await pair("client") };
}

/** A file, or a directory with everything in it, which somebody of ours made. Symbolic links are not followed. */
export async function giveToUser(room: SandboxRoom, path: string): Promise<void> {
  if (room.user === undefined) return;
  const { uid, gid } = room.user;
  await chown(path, uid, gid);
  if (!(await lstat(path)).isDirectory()) return;
  for (const name of await readdir(path)) await giveToUser(room, join(path, name));
}
