import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, fstatSync, writeSync } from "node:fs";
import { join } from "node:path";
import { buildPrograms } from "../../src/adapters/lab/programs/build-programs.ts";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";
import type { BoltBucket, BoltReader } from "../../src/formats/bbolt/bolt-reader.ts";
import { compareKeys } from "../../src/formats/bbolt/compare-keys.ts";
import { BoltWriter, type BoltWriteOptions } from "../../src/formats/bbolt/bolt-writer.ts";
import type { ByteSource } from "../../src/formats/byte-source.ts";
import { boltOracleModule } from "./oracle-modules.ts";

export interface OracleVerdict {
  /** `panic` and `crash` are bad too: bbolt gave up on the file. */
  readonly kind: "good" | "errors" | "open-error" | "panic" | "crash";
  readonly messages: readonly string[];
}

/** A bucket's path (names in hex) to how many keys it has and the hash of all of them. */
export type BucketDigests = Readonly<Record<string, { readonly count: number; readonly sha256: string }>>;

/** A check of a file of some MiB takes milliseconds; a crash writes a long trace. */
const oracleTimeoutMs = 120_000;

export class BoltOracle {
  private readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async build(): Promise<BoltOracle> {
    const repository = join(import.meta.dirname, "..", "..");
    const directory = await buildPrograms(boltOracleModule, {
      toolsDir: join(repository, "tools"),
      cacheDir: labPathsFrom(process.env).cacheDir,
      report: () => undefined,
    });
    return new BoltOracle(directory);
  }

  /** What bbolt's own check says. */
  check(path: string): OracleVerdict {
    const { status, stdout } = this.run("bolt-oracle", ["check", path]);
    if (status !== 0 && status !== 3) return { kind: "crash", messages: [] };
    return JSON.parse(stdout) as OracleVerdict;
  }

  /** True when the `bbolt check` command ends with OK. */
  commandAccepts(path: string): boolean {
    return this.run("bbolt", ["check", path]).status === 0;
  }

  /** undefined when bbolt cannot read the file. */
  dump(path: string): BucketDigests | undefined {
    const { status, stdout } = this.run("bolt-oracle", ["dump", path]);
    if (status !== 0) return undefined;
    const lines = stdout.split("\n").filter((line) => line !== "");
    const parsed = lines.map((line) => JSON.parse(line) as { path: string; count: number; sha256: string });
    return Object.fromEntries(parsed.map(({ path: name, count, sha256 }) => [name, { count, sha256 }]));
  }

  /** A file that a random run of transactions of bbolt leaves behind. */
  make(path: string, options: readonly string[]): void {
    const { status, stderr } = this.run("bolt-oracle", ["make", path, ...options]);
    if (status !== 0) throw new Error(`bolt-oracle make: ${stderr}`);
  }

  private run(
    program: string,
    args: readonly string[],
  ): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
    return spawnSync(join(this.directory, program), args, { encoding: "utf8", timeout: oracleTimeoutMs, maxBuffer: 64 * 1024 * 1024 });
  }
}

/** The same digests from our reader. */
export function digestsOf(bolt: BoltReader): BucketDigests {
  const digests: Record<string, { count: number; sha256: string }> = {};
  const hex = (name: Uint8Array) => Buffer.from(name).toString("hex");
  const visit = (bucket: BoltBucket, path: string): void => {
    for (const name of bucket.bucketNames()) {
      const inner = bucket.bucket(name);
      if (inner === undefined) throw new Error(`bucket ${hex(name)} has no content`);
      const own = path === "" ? hex(name) : `${path}/${hex(name)}`;
      const hash = createHash("sha256");
      let count = 0;
      const length = Buffer.alloc(4);
      for (const { key, value } of inner.entries()) {
        count += 1;
        for (const part of [key, value]) {
          length.writeUInt32LE(part.length);
          hash.update(length).update(part);
        }
      }
      digests[own] = { count, sha256: hash.digest("hex") };
      visit(inner, own);
    }
  };
  visit(bolt.root, "");
  return digests;
}

/** An open file; `close` when done. */
export function openFileSource(path: string): ByteSource & { close(): void } {
  const file = openSync(path, "r");
  return {
    name: path,
    size: fstatSync(file).size,
    readInto: (offset, into) => {
      if (readSync(file, into, 0, into.length, offset) !== into.length) throw new Error(`${path} became shorter`);
    },
    close: () => closeSync(file),
  };
}

/** Writes all of `bolt` again with our writer. */
export function rewriteBolt(bolt: BoltReader, path: string, options: BoltWriteOptions = {}): void {
  const file = openSync(path, "w", 0o600);
  try {
    const writer = new BoltWriter(
      { write: (bytes) => void writeSync(file, bytes), patch: (offset, bytes) => void writeSync(file, bytes, 0, bytes.length, offset) },
      options,
    );
    copyBucket(bolt.root, writer);
    writer.finish();
  } finally {
    closeSync(file);
  }
}

function copyBucket(bucket: BoltBucket, writer: BoltWriter): void {
  const names = [...bucket.bucketNames()];
  const copyNamesBefore = (key: Uint8Array | undefined): void => {
    for (let name = names[0]; name !== undefined && (key === undefined || compareKeys(name, key) < 0); name = names[0]) {
      names.shift();
      const inner = bucket.bucket(name);
      if (inner === undefined) throw new Error("a bucket without content");
      writer.openBucket(name);
      copyBucket(inner, writer);
      writer.closeBucket();
    }
  };
  for (const { key, value } of bucket.entries()) {
    copyNamesBefore(key);
    writer.put(key, value);
  }
  copyNamesBefore(undefined);
}
