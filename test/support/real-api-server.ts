import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { readFile, rm, symlink, mkdtemp, writeFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { buildPrograms } from "../../src/adapters/lab/programs/build-programs.ts";
import { defaultVersions, findModule, kubernetesModules } from "../../src/adapters/lab/programs/program-versions.ts";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";
import { asHostName } from "../../src/model/ids.ts";
import type { KubeApi } from "../../src/ports/kube-api.ts";
import { freePorts, PlainEtcd } from "./plain-etcd.ts";

const run = promisify(execFile);
/** 6 s on an idle machine. */
const startTimeoutMs = 120_000;
const kubectlTimeoutMs = 120_000;

/** A real kube-apiserver and its etcd on loopback, and nothing else of Kubernetes: what is created stays as it is. */
export class RealApiServer {
  readonly directory: string;
  readonly etcd: PlainEtcd;
  readonly #process: ChildProcess;
  readonly #url: string;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, rejectUnauthorized: false }); // its own certificate, on loopback
  readonly #killNow = () => this.#process.kill("SIGKILL");

  private constructor(options: { directory: string; etcd: PlainEtcd; process: ChildProcess; url: string; token: string }) {
    this.directory = options.directory;
    this.etcd = options.etcd;
    this.#process = options.process;
    this.#url = options.url;
    this.#token = options.token;
    process.on("exit", this.#killNow);
  }

  /** `flags`: beside those that it needs. */
  static async start({ flags = [] }: { readonly flags?: readonly string[] } = {}): Promise<RealApiServer> {
    const module = findModule(kubernetesModules, defaultVersions.kubernetes);
    if (module === undefined) throw new Error("there is no Go module of the lab's Kubernetes");
    const programs = await buildPrograms(module, {
      toolsDir: join(import.meta.dirname, "..", "..", "tools"),
      cacheDir: labPathsFrom(process.env).cacheDir,
      report: () => undefined,
    });
    const directory = await mkdtemp(join(tmpdir(), "requorum-api-server-"));
    for (const name of ["kube-apiserver", "kubectl"]) await symlink(join(programs, "kubenode"), join(directory, name));
    const token = randomBytes(16).toString("hex");
    await writeFile(join(directory, "tokens.csv"), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
    const at = (name: string): string => join(directory, name);
    await run("openssl", ["genrsa", "-out", at("sa.key"), "2048"]);
    await run("openssl", ["rsa", "-in", at("sa.key"), "-pubout", "-out", at("sa.pub")]);
    const etcd = await PlainEtcd.start({ version: "3.6", directory: at("etcd") });
    const [port] = await freePorts();
    const log = openSync(at("api-server.log"), "a");
    const child = spawn(
      at("kube-apiserver"),
      [
        `--etcd-servers=http://${etcd.endpoint}`,
        `--secure-port=${String(port)}`,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        `--cert-dir=${at("certificates")}`,
        `--token-auth-file=${at("tokens.csv")}`,
        `--service-account-key-file=${at("sa.pub")}`,
        `--service-account-signing-key-file=${at("sa.key")}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=Node,RBAC",
        "--endpoint-reconciler-type=lease",
        "--disable-admission-plugins=ServiceAccount",
        ...flags,
      ],
      { stdio: ["ignore", log, log] },
    );
    closeSync(log);
    const server = new RealApiServer({ directory, etcd, process: child, url: `https://127.0.0.1:${String(port)}`, token });
    try {
      await server.#ready();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** As the port has it, for reading. */
  get api(): KubeApi {
    return {
      host: asHostName("loopback"),
      request: ({ method, path }) =>
        new Promise((resolve, reject) => {
          const headers = { authorization: `Bearer ${this.#token}` };
          const sent = request(`${this.#url}${path}`, { method, agent: this.#agent, headers }, (answer) => {
            text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, text: body }), reject);
          });
          sent.on("error", reject);
          sent.end();
        }),
      close: () => Promise.resolve(),
    };
  }

  /** Fails with what kubectl says. */
  async kubectl(verb: "create" | "apply", file: string): Promise<void> {
    const access = [`--server=${this.#url}`, `--token=${this.#token}`, "--insecure-skip-tls-verify", "--kubeconfig=/dev/null"];
    await run(join(this.directory, "kubectl"), [...access, verb, "-f", file], { timeout: kubectlTimeoutMs, maxBuffer: 1 << 26 });
  }

  async snapshot(): Promise<string> {
    const file = join(this.directory, "snapshot.db");
    await this.etcd.etcdctl(["snapshot", "save", file]);
    return file;
  }

  async close(): Promise<void> {
    process.off("exit", this.#killNow);
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    this.#agent.destroy();
    await this.etcd.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const limit = Date.now() + startTimeoutMs;
    for (;;) {
      const status = await this.api.request({ method: "GET", path: "/readyz", timeoutMs: 5_000 }).then(
        (answer) => answer.status,
        () => 0, // it does not listen yet
      );
      if (status === 200) return;
      if (this.#process.exitCode !== null || Date.now() > limit)
        throw new Error(`kube-apiserver is not ready:\n${(await readFile(join(this.directory, "api-server.log"), "utf8")).slice(-3000)}`);
      await sleep(500);
    }
  }
}
