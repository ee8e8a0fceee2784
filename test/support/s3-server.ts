import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { Agent } from "node:https";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { buildPrograms } from "../../src/adapters/lab/programs/build-programs.ts";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";
import { TestAuthority } from "./etcd-certificates.ts";
import { s3ServerModule } from "./oracle-modules.ts";

/** Only ever used on loopback, by servers that live as long as a test. */
export const s3TestCredentials = { accessKeyId: "requorum-test-key", secretAccessKey: "planted-s3-secret-value" } as const;

export interface S3Server {
  readonly directory: string;
  /** "https://127.0.0.1:PORT" */
  readonly endpoint: string;
  readonly caFile: string;
  /** A CA that did not sign the server's certificate. */
  readonly otherCaFile: string;
  makeBucket(name: string, options?: { readonly hasObjectLock?: boolean }): Promise<void>;
  /** For looking behind the store's back. */
  client(): S3Client;
  /** As a machine that hangs: connections are accepted, nothing answers. */
  freeze(): Promise<void>;
  thaw(): void;
  remove(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** The directory with versitygw: from requorum's cache, or built into it (about 3 min, once). */
export function s3ServerPrograms(): Promise<string> {
  return buildPrograms(s3ServerModule, {
    toolsDir: join(import.meta.dirname, "..", "..", "tools"),
    cacheDir: labPathsFrom(process.env).cacheDir,
    report: () => undefined,
  });
}

/** A real S3 server (versitygw) on a loopback port, TLS by a CA of its own, objects in a temporary directory. */
export async function startS3Server(
  options: { readonly directory?: string; readonly through?: { readonly program: string; readonly args: readonly string[] } } = {},
): Promise<S3Server> {
  const programs = await s3ServerPrograms();
  const directory = await mkdtemp(join(tmpdir(), "requorum-s3-"));
  const objects = options.directory ?? join(directory, "objects");
  for (const name of ["objects", "versions"]) await mkdir(join(directory, name));
  const authority = await TestAuthority.make(directory, "s3-ca");
  const other = await TestAuthority.make(directory, "other-ca");
  const certificate = await authority.issue("s3", { names: ["127.0.0.1", "localhost"] });
  const port = await freePort();
  const versitygw = join(programs, "versitygw");
  const [program, before] =
    options.through === undefined ? [versitygw, []] : [options.through.program, [...options.through.args, versitygw]];
  const versions = options.directory === undefined ? ["--versioning-dir", join(directory, "versions")] : [];
  const server = spawn(
    program,
    [...before, "--quiet", "--keep-alive", "--port", `127.0.0.1:${String(port)}`]
      .concat(["--cert", certificate.certificate, "--key", certificate.key])
      .concat(["posix", ...versions, objects]),
    {
      stdio: ["ignore", "ignore", "ignore"],
      env: {
        PATH: process.env["PATH"],
        ROOT_ACCESS_KEY_ID: s3TestCredentials.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: s3TestCredentials.secretAccessKey,
      },
    },
  );
  const killAll = () => void server.kill("SIGKILL");
  process.on("exit", killAll);
  await waitForPort(port, server);
  const endpoint = `https://127.0.0.1:${String(port)}`;
  const client = () => plainClient(endpoint, authority.caFile);
  return {
    directory,
    endpoint,
    caFile: authority.caFile,
    otherCaFile: other.caFile,
    client,
    makeBucket: async (name, bucket) => {
      const made = client();
      await made.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: bucket?.hasObjectLock ?? false }));
      made.destroy();
    },
    freeze: async () => {
      server.kill("SIGSTOP");
      // The signal takes effect when each of its threads was reached.
      while (!/^State:\tT/m.test(readFileSync(`/proc/${String(server.pid)}/status`, "utf8")))
        await new Promise((resolve) => setTimeout(resolve, 5));
    },
    thaw: () => void server.kill("SIGCONT"),
    remove: async () => {
      process.off("exit", killAll);
      if (server.exitCode === null && server.signalCode === null) {
        const ended = new Promise((resolve) => server.once("exit", resolve));
        server.kill("SIGKILL");
        await ended;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function plainClient(endpoint: string, caFile: string): S3Client {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: s3TestCredentials,
    requestHandler: { httpsAgent: new Agent({ ca: readFileSync(caFile) }) },
  });
}

async function waitForPort(port: number, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`versitygw ended with ${String(server.exitCode)}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("versitygw did not listen within 10 s");
}
