/** The programs around etcd's and bbolt's own Go code that our readers are held against (tools/bolt-oracle, tools/wal-oracle). */
import type { ProgramModule } from "../../src/adapters/lab/programs/program-versions.ts";

/** bbolt 1.5.0 itself: its command, and our small program around its library (tools/bolt-oracle/main.go). */
export const boltOracleModule: ProgramModule = {
  version: "1.5.0",
  folder: "bolt-oracle",
  packages: [
    { path: ".", program: "bolt-oracle" },
    { path: "go.etcd.io/bbolt/cmd/bbolt", program: "bbolt" },
  ],
  expectedBuildMs: 15_000,
};

/** etcd 3.6.16's own reader of logs and requests (tools/wal-oracle/main.go). */
export const walOracleModule: ProgramModule = {
  version: "3.6.16",
  folder: "wal-oracle",
  packages: [{ path: ".", program: "wal-oracle" }],
  expectedBuildMs: 60_000,
};

/** An S3 server that keeps objects as files (Apache 2.0), for the contract of the S3 store. */
export const s3ServerModule: ProgramModule = {
  version: "1.8.0",
  folder: "s3-server",
  packages: [{ path: "github.com/versity/versitygw/cmd/versitygw", program: "versitygw" }],
  expectedBuildMs: 170_000,
};
