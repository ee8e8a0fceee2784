import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runProgram } from "../run-program.ts";
import { containerRuntimeWait } from "./container-runtime-wait.ts";

test("containerRuntimeWait: a missing socket and a CRI service that has not begun are waited for", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "requorum-cri-wait-"));
  context.after(() => rm(directory, { recursive: true }));
  // What curl says of containerd 1.6 in the first moments after its start: no socket, then trailers only, then the answer.
  await writeFile(
    join(directory, "curl"),
    `#!/bin/sh
cat > /dev/null
echo asked >> '${directory}/asked'
case $(wc -l < '${directory}/asked') in
1) exit 7 ;;
2) printf 'HTTP/2 200 \\r\\ngrpc-status: 2\\r\\ngrpc-message: server is not initialized yet\\r\\n' ;;
*) printf 'HTTP/2 200 \\r\\n\\r\\ngrpc-status: 0\\r\\n' ;;
esac
`,
  );
  await chmod(join(directory, "curl"), 0o755);
  const environment = { PATH: `${directory}:${process.env["PATH"] ?? ""}` };
  await runProgram({
    reason: "waiting",
    program: "/bin/sh",
    args: ["-eu"],
    environment,
    stdin: `${containerRuntimeWait}touch '${directory}/went-on'\n`,
    timeoutMs: 15_000,
  });
  assert.equal(await readFile(join(directory, "asked"), "utf8"), "asked\n".repeat(3));
  assert.equal(await readFile(join(directory, "went-on"), "utf8"), "");
});
