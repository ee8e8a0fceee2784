import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { workDirectory } from "../../test/support/captured-cli.ts";
import { findConfig, type ConfigSearch } from "./find-config.ts";

const place = workDirectory();
after(() => {
  place.remove();
});
const [work, config] = [join(place.path, "work"), join(place.path, "config")];
for (const directory of [work, config]) mkdirSync(directory);
const directories = { work, config, state: "/none", cache: "/none" };

const search = (more: { readonly configFile?: string; readonly cluster?: string; readonly environment?: string } = {}): ConfigSearch => ({
  global: { output: "text", configFile: more.configFile, cluster: more.cluster, timeoutMs: undefined },
  directories,
  configFromEnvironment: more.environment,
});

test("findConfig: nothing anywhere is CONFIG_NOT_FOUND that lists every place in the order of looking", async () => {
  await assert.rejects(findConfig(search({ cluster: "prod" })), {
    code: "CONFIG_NOT_FOUND",
    detail: `looked for ${join(config, "prod.yaml")}, then ${join(work, "requorum.yaml")}, then ${join(config, "requorum.yaml")}`,
  });
});

test("findConfig: a file that was named and is not there is not replaced by another one", async () => {
  writeFileSync(join(work, "requorum.yaml"), "");
  await assert.rejects(findConfig(search({ configFile: "other.yaml" })), {
    code: "CONFIG_NOT_FOUND",
    subject: join(work, "other.yaml"),
    detail: /--config names it/,
    remedies: [
      {
        why: "write it from the machines' names",
        command: `requorum init --host cp1 --host cp2 --host cp3 --out ${join(work, "other.yaml")}`,
      },
    ],
  });
  await assert.rejects(findConfig(search({ environment: "/none/x.yaml" })), {
    code: "CONFIG_NOT_FOUND",
    subject: "/none/x.yaml",
    detail: /REQUORUM_CONFIG names it/,
  });
  assert.equal(await findConfig(search()), join(work, "requorum.yaml"));
});
