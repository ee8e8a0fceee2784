import { randomBytes } from "node:crypto";
import { constants, lchown, lstat, open, readdir, rename } from "node:fs/promises";
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

/**
 * A file 0600 of the sandbox's user; its path. It takes the place of whatever
 * has the name: a program of the sandbox runs on data that nobody has vouched
 * for, and a link that it put there must not lead root to another file.
 */
export async function writeRoomFile(room: SandboxRoom, name: string, content: string): Promise<string> {
  const path = join(room.directory.path, name);
  try {
    const made = `${path}.${randomBytes(6).toString("hex")}`;
    const file = await open(made, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      await file.writeFile(content);
      if (room.user !== undefined) await file.chown(room.user.uid, room.user.gid);
    } finally {
      await file.close();
    }
    await rename(made, path);
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

/** A file, or a directory with everything in it, which we made and no program has got yet. Symbolic links are given away themselves. */
export async function giveToUser(room: SandboxRoom, path: string): Promise<void> {
  if (room.user === undefined) return;
  const { uid, gid } = room.user;
  await lchown(path, uid, gid);
  if (!(await lstat(path)).isDirectory()) return;
  for (const name of await readdir(path)) await giveToUser(room, join(path, name));
}
