import assert from "node:assert/strict";
import test from "node:test";
import { cli } from "../../test/support/captured-cli.ts";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { errorSchema } from "../schemas/output.ts";
import { parseCommandLine } from "./build-program.ts";
import { onChosenCluster } from "./chosen-cluster.ts";
import { commandTable } from "./command-table.ts";

const { config } = healthyKubeadm3().build();

test("onChosenCluster: a hint is for the cluster of this call, unless it says so itself or needs none", () => {
  const choice = { configFile: "my lab.yaml", cluster: "prod" };
  for (const [command, expected] of [
    ["requorum resume", "requorum resume --config 'my lab.yaml' --cluster prod"],
    ["requorum runs show 20261121-031502-k3f9", "requorum runs show 20261121-031502-k3f9 --config 'my lab.yaml' --cluster prod"],
    ["requorum status --config other.yaml", "requorum status --config other.yaml --cluster prod"],
    ["requorum lab down --name two", "requorum lab down --name two"],
    ["requorum explain PLAN_STALE", "requorum explain PLAN_STALE"],
    ["requorum --help", "requorum --help"],
    ["apt-get install openssh-client", "apt-get install openssh-client"],
  ] as const)
    assert.equal(onChosenCluster(command, choice), expected);
  assert.equal(onChosenCluster("requorum plan", { configFile: undefined, cluster: undefined }), "requorum plan");
  const without = /^(?:init|explain|completion|version|lab|snapshot|backup keygen|backup unseal)(?: |$)/;
  for (const spec of commandTable.filter(({ path }) => !without.test(path.join(" ")))) {
    const command = onChosenCluster(spec.examples[0]?.command ?? "", { configFile: "x", cluster: undefined });
    assert.match(command, / --config x$/, command);
    const words = command
      .replace(/^requorum /, "")
      .replaceAll("'", "")
      .split(" ");
    assert.ok(parseCommandLine(commandTable, words, { version: "0", helpWidth: 80, writeHelp: () => undefined }) !== undefined);
  }
});

test("onChosenCluster: a hint at a set is for the store of this call, with what opens it, where its verb takes that", () => {
  const ofSets = [
    { name: "store", value: "/mnt/my sets", verbs: ["backup list", "backup show", "backup verify"] },
    { name: "identity", value: "escrow.txt", verbs: ["backup verify"] },
    { name: "trust-signer", value: "abc", verbs: ["backup list", "backup show", "backup verify"] },
  ];
  for (const [command, expected] of [
    ["requorum backup verify latest", "requorum backup verify latest --store '/mnt/my sets' --identity escrow.txt --trust-signer abc"],
    ["requorum backup list", "requorum backup list --store '/mnt/my sets' --trust-signer abc"],
    ["requorum backup show latest --store x", "requorum backup show latest --store x --trust-signer abc"],
    ["requorum status", "requorum status"],
    ["requorum backup", "requorum backup"],
  ] as const)
    assert.equal(onChosenCluster(command, { configFile: undefined, cluster: undefined, ofSets }), expected);
});

test("cli: every hint repeats --config: of a page, of an error, and of the Error document", async () => {
  const page = await cli(["status", "--config", "lab.yaml"], { config });
  assert.match(page.out, /requorum diagnose --config lab\.yaml\n/);
  const error = await cli(["resume", "--config", "lab.yaml"], { config });
  assert.match(error.err, /requorum runs list --config lab\.yaml\n/);
  const document = errorSchema.parse(JSON.parse((await cli(["resume", "--config", "lab.yaml", "-o", "json"], { config })).err));
  assert.equal(document.error.remedies[0]?.command, "requorum runs list --config lab.yaml");
});
