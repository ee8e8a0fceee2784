import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { labDirectory } from "./lab-state.ts";
import { makeLab } from "./make-lab.ts";
import { PhaseTimer } from "./phase-timer.ts";
import { ensureHostPrograms } from "./programs/host-programs.ts";

const silent = (): void => undefined;
// Optional in its type: Windows has no such thing.
const user = process as { getuid(): number };

test("makeLab: what is there under the name is LAB_EXISTS, and it is left as it is", async (context) => {
  const root = await mkdtemp(join(tmpdir(), "requorum-make-lab-"));
  context.after(() => rm(root, { recursive: true }));
  const paths = { cacheDir: join(root, "cache"), labsDir: join(root, "labs") };
  await mkdir(join(labDirectory(paths, "dev"), "mine"), { recursive: true });
  const request = {
    name: "dev",
    versions: { kubernetes: "1.34", etcd: "3.6" },
    shape: { controlPlanes: 3, workers: 0, etcdMachines: 0, spares: 0 },
  } as const;
  await assert.rejects(makeLab(request, { paths, toolsDir: join(root, "tools"), report: silent }, new PhaseTimer(silent)), {
    code: "LAB_EXISTS",
    subject: "lab dev",
  });
  assert.deepEqual([await readdir(root), await readdir(labDirectory(paths, "dev"))], [["labs"], ["mine"]]);
});

test("ensureHostPrograms: without root or Linux it is LAB_UNSUPPORTED before anything is installed", async (context) => {
  let uid = 1000;
  context.mock.method(user, "getuid", () => uid);
  await assert.rejects(ensureHostPrograms(silent), { code: "LAB_UNSUPPORTED", detail: /must be run as root/ });
  uid = 0;
  const { platform } = process;
  Object.defineProperty(process, "platform", { value: "darwin" });
  context.after(() => Object.defineProperty(process, "platform", { value: platform }));
  await assert.rejects(ensureHostPrograms(silent), { code: "LAB_UNSUPPORTED", detail: "the lab needs Linux; this is darwin" });
});

test("ensureHostPrograms: programs that are missing without apt-get are LAB_UNSUPPORTED, each with its package", async (context) => {
  context.mock.method(user, "getuid", () => 0);
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  context.after(() => {
    process.env["PATH"] = path;
  });
  await assert.rejects(ensureHostPrograms(silent), { code: "LAB_UNSUPPORTED", subject: /systemd-nspawn/, detail: /systemd-container/ });
});
