import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { workDirectory } from "../../test/support/captured-cli.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { remediesOnChosenCluster } from "./chosen-cluster.ts";
import { openCluster } from "./wiring.ts";

const directory = workDirectory();
const work = directory.path;
after(() => {
  directory.remove();
});

test("openCluster: with --cluster of another cluster than the file's no call is advised that would be given --cluster again", async () => {
  writeFileSync(join(work, "requorum.yaml"), "apiVersion: requorum/v1\ncluster: north\nhosts: [{ name: cp1, address: 10.0.0.11 }]\n");
  const global = { output: "text", configFile: undefined, cluster: "south", timeoutMs: undefined } as const;
  const directories = { work, config: join(work, "config"), state: join(work, "state"), cache: join(work, "cache") };
  const error: unknown = await openCluster({ global, directories, configFromEnvironment: undefined }).catch((caught: unknown) => caught);
  assert.ok(error instanceof RecoveryError && error.code === "USAGE", String(error));
  assert.match(error.detail, /requorum\.yaml is of cluster north, not south/);
  const advice = remediesOnChosenCluster(error.remedies, global);
  assert.deepEqual(
    advice.flatMap(({ command }) => command ?? []),
    [],
  );
  assert.match(advice[0]?.why ?? "", /for cluster north, give the same call without --cluster south/);
  assert.ok(advice[1]?.why.includes(`--config, or let it lie at ${join(work, "config", "south.yaml")}`), advice[1]?.why);
});
