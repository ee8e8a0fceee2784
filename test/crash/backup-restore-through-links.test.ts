import assert from "node:assert/strict";
import { mkdirSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { backupRestoreWorld } from "../support/backup-restore-world.ts";

const [dir, named, real] = ["/etc/haproxy", "/etc/haproxy/haproxy.cfg", "/srv/haproxy/haproxy.cfg"];

async function setting(context: TestContext) {
  const { machines, restore } = await backupRestoreWorld(context, {
    files: [
      ["load-balancer", real, "of the set\n", 0o644],
      ["load-balancer", dir, "-> /srv/haproxy", 0o777],
    ],
  });
  return { machines, restore, link: machines.place("cp1", dir) };
}

test("backup restore: a lost link that the named path leads through is put back with it", async (context) => {
  const { restore, link } = await setting(context);
  assert.match((await restore(["--path", named])).out, /NOTHING TO DO/);
  unlinkSync(link);
  const { code, err, out } = await restore(["--path", named], ["north"]);
  assert.equal(code, 0, err + out);
  assert.equal(readlinkSync(link), "/srv/haproxy");
});

test("backup restore: where the machine has a directory or another link on the way, a named path is refused with the real one, which is put back", async (context) => {
  const { machines, restore, link } = await setting(context);
  for (const replace of [() => symlinkSync("/srv/other", link), () => mkdirSync(link)]) {
    unlinkSync(link);
    replace();
    for (const lost of [false, true]) {
      machines.set("cp1", real, { text: lost ? "lost\n" : "of the set\n", mode: 0o644 });
      const refused = await restore(["--path", named]);
      assert.equal(refused.code, 12, refused.err + refused.out);
      const words = refused.out.replaceAll(/\s+/g, " ");
      assert.match(words, /\/etc\/haproxy on cp1 does not lead to \/srv\/haproxy.*--path \/srv\/haproxy\/haproxy\.cfg/);
    }
  }
  const { code, err, out } = await restore(["--path", real], ["north"]);
  assert.equal(code, 0, err + out);
  assert.equal(machines.text("cp1", real), "of the set\n");
});
