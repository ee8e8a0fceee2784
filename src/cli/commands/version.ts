import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import type { CommandModule } from "../command-spec.ts";
import { programVersion } from "../program-version.ts";
import { printResult } from "../print-result.ts";
import { line } from "../../render/page.ts";

export const command: CommandModule = {
  async run({ cli }) {
    // `ssh -V` answers at once or is broken: two seconds are plenty.
    const ssh = await promisify(execFile)("ssh", ["-V"], { timeout: 2000 }).then(
      ({ stderr }) => stderr.trim(),
      () => "not found",
    );
    const document = {
      apiVersion: "requorum/v1",
      kind: "Version",
      requorum: programVersion,
      node: process.versions.node,
      ssh,
      platform: `${process.platform} ${process.arch}`,
    } as const;
    printResult(cli, document, () => [
      line(`requorum ${document.requorum}`),
      line(`node ${document.node}`),
      line(`ssh ${document.ssh}`),
      line(document.platform),
    ]);
    return "done";
  },
};
