import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { createSshHostAccess } from "../../adapters/ssh/ssh-host-access.ts";
import { initCluster, type InitResult } from "../../app/init-cluster.ts";
import { draftFromAnsible, draftFromHosts, draftFromKubeconfig } from "../../app/init-draft.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HostAccess } from "../../ports/host-access.ts";
import type { ConfigDraft } from "../../schemas/config-draft.ts";
import { initPage, type InitDocument } from "../../render/init.ts";
import { hasFlag, listOption, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { listNodes } from "../list-nodes.ts";
import { printResult } from "../print-result.ts";
import { ProgressDisplay } from "../terminal/progress-display.ts";
import { writeNewFile } from "../write-file.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const path = resolve(cli.directories.work, textOption(invocation, "out") ?? "requorum.yaml");
    const isForced = hasFlag(invocation, "force");
    const isThere = await isFile(path);
    if (isThere && !isForced) throw existsAlready(path);
    const display = new ProgressDisplay(cli.terminal, { isQuiet: true });
    const opened: HostAccess[] = [];
    let result: InitResult;
    try {
      result = await initCluster({
        draft: await draftOf(invocation),
        openHosts: (config) => {
          const access = createSshHostAccess(config);
          opened.push(access);
          return access;
        },
        path,
        // What somebody wrote is not replaced by a guess: that file goes by hand.
        mayGuess: isForced && !isThere,
        madeBy: `${cli.program} for ${cli.operator}`,
        signal: cli.signal,
        report: display.report,
      });
    } finally {
      display.stop();
      await Promise.all(opened.map((access) => access.close()));
    }
    await writeNewFile(path, result.text, { replaces: isForced });
    const document: InitDocument = {
      apiVersion: "requorum/v1",
      kind: "Init",
      file: path,
      cluster: result.config.cluster,
      hosts: result.config.hosts.map(({ name, address, roles }) => ({ name, address, roles })),
      notReached: result.notReached,
      notes: result.notes,
    };
    printResult(cli, document, () => initPage(document));
    return result.notReached.length > 0 ? "factsIncomplete" : "done";
  },
};

async function draftOf(invocation: Invocation): Promise<ConfigDraft> {
  const { cli } = invocation;
  const hosts = listOption(invocation, "host");
  const ansible = textOption(invocation, "from-ansible");
  const kubeconfig = textOption(invocation, "from-kubeconfig");
  const given = [hosts.length > 0, ansible !== undefined, kubeconfig !== undefined].filter(Boolean).length;
  if (given !== 1) {
    throw new RecoveryError("USAGE", {
      subject: "command line",
      detail:
        given === 0
          ? "say where to begin: --host, --from-ansible or --from-kubeconfig"
          : "use one of --host, --from-ansible and --from-kubeconfig",
      remedies: [{ why: "from the machines' names", command: "requorum init --host cp1 --host cp2 --host cp3" }],
    });
  }
  const wished = textOption(invocation, "name");
  const name = { ...(wished === undefined ? {} : { given: wished }), fallback: basename(cli.directories.work) };
  const user = textOption(invocation, "ssh-user");
  const config = textOption(invocation, "ssh-config");
  const login = {
    ...(user === undefined ? {} : { sshUser: user }),
    ...(config === undefined ? {} : { sshConfigFile: resolve(cli.directories.work, config) }),
  };
  if (ansible !== undefined)
    return draftFromAnsible({ text: await readGiven(ansible, "INVENTORY_FILE_INVALID"), path: ansible }, name, login);
  if (kubeconfig !== undefined) {
    const text = await readGiven(kubeconfig, "CONFIG_INVALID");
    return draftFromKubeconfig({ text, path: kubeconfig }, await listNodes(kubeconfig, cli.signal), name, login);
  }
  return draftFromHosts(hosts, name, login);
}

async function readGiven(path: string, code: "INVENTORY_FILE_INVALID" | "CONFIG_INVALID"): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RecoveryError(code, { subject: path, detail: "the file could not be read", cause });
  }
}

function isFile(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}

function existsAlready(path: string): RecoveryError {
  return new RecoveryError("USAGE", {
    subject: path,
    detail: "it exists already",
    remedies: [{ why: "write somewhere else, or replace it", command: "requorum init --host cp1 --host cp2 --host cp3 --force" }],
  });
}
