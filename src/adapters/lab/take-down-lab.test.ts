import assert from "node:assert/strict";
import { test } from "node:test";
import { otherLabDirectory } from "./take-down-lab.ts";

const nspawn = (root: string) =>
  ["nsenter", "--net=/run/netns/rq-dev", "--", "systemd-nspawn", "--directory", root, "--boot", ""].join("\0");

test("otherLabDirectory: machines that are recorded in another state directory are told from the lab's own", () => {
  const own = "/home/me/.local/state/requorum/labs/dev";
  const commands = ["sshd: root", "", nspawn(`${own}/machines/cp1/root`)];
  assert.equal(otherLabDirectory(commands, own), undefined);
  assert.equal(
    otherLabDirectory([...commands, nspawn("/tmp/other/requorum/labs/dev/machines/cp1/root")], own),
    "/tmp/other/requorum/labs/dev",
  );
});
