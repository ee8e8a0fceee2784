import assert from "node:assert/strict";
import {
  chownSync,
  lstatSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openSandboxDirectory } from "./sandbox-directory.ts";
import { giveToUser, writeRoomFile, type SandboxRoom } from "./sandbox-room.ts";

const work = mkdtempSync(join(tmpdir(), "requorum-room-test-"));
const isRoot = process.getuid?.() === 0;
const user = isRoot ? { uid: 60_600, gid: 60_600 } : undefined;
after(() => {
  rmSync(work, { recursive: true, force: true });
});

function roomIn(name: string): SandboxRoom {
  const path = join(work, name);
  mkdirSync(path);
  const directory = { path, isInMemory: false, guardProcess: () => undefined, remove: () => Promise.resolve() };
  return { directory, user, hasSetpriv: false, peerPort: 1 };
}

test("a file of the sandbox takes the place of a link that a program put there, and what the link leads to stays as it is", async () => {
  const room = roomIn("link");
  const target = join(work, "of-root");
  writeFileSync(target, "root's", { mode: 0o600 });
  const link = join(room.directory.path, "encryption.yaml");
  symlinkSync(target, link);
  if (user !== undefined) chownSync(room.directory.path, user.uid, user.gid);
  for (const content of ["first", "again"]) {
    await writeRoomFile(room, "encryption.yaml", content);
    assert.equal(readFileSync(link, "utf8"), content);
  }
  const made = lstatSync(link);
  assert.deepEqual([made.isFile(), made.mode & 0o777, made.uid], [true, 0o600, user?.uid ?? process.getuid?.()]);
  assert.deepEqual([readFileSync(target, "utf8"), statSync(target).uid], ["root's", process.getuid?.()]);
  assert.deepEqual(readdirSync(room.directory.path), ["encryption.yaml"]);
});

test("a link in what is given to the sandbox's user is given away itself, not what it leads to", { skip: !isRoot }, async () => {
  const room = roomIn("tree");
  const target = join(work, "kept");
  writeFileSync(target, "root's", { mode: 0o600 });
  symlinkSync(target, join(room.directory.path, "link"));
  await giveToUser(room, room.directory.path);
  assert.equal(statSync(target).uid, 0);
  assert.equal(lstatSync(join(room.directory.path, "link")).uid, user?.uid);
});

test("the sandbox's user may pass the sandbox's directory, and cannot change its names: root's writes there go nowhere else", async () => {
  const opened = await openSandboxDirectory({ inMemory: [], onDisk: join(work, "sandboxes") }, { bytes: 1n, user });
  const { uid, gid, mode } = statSync(opened.path);
  await opened.remove();
  assert.equal(uid, process.getuid?.());
  assert.equal(mode & 0o777, isRoot ? 0o710 : 0o700);
  if (user !== undefined) assert.equal(gid, user.gid);
});
