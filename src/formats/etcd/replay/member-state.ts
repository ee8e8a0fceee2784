import { notRecognised } from "../../format-error.ts";
import type { OnBytes } from "../../byte-source.ts";
import { openBolt } from "../../bbolt/bolt-file.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import type { DataDir } from "../data-dir/data-dir.ts";
import { neededReceivedDatabase } from "../data-dir/rank-member.ts";
import { readMeta } from "../schema/read-meta.ts";
import { openWal } from "../wal/open-wal.ts";
import type { WalLog } from "../wal/wal-log.ts";
import { loggedDatabase } from "./logged-database.ts";
import { lossError, usableLog, type LogLoss } from "./usable-log.ts";
import { replayLog, type ReplayFacts, type ReplayOptions } from "./replay-log.ts";

export interface MemberState {
  /** The database with the log applied: to be read like a database. */
  readonly bolt: BoltReader;
  /** The database alone, as it is in the file. */
  readonly database: BoltReader;
  /** `db`, or the name of a database that a leader sent and that etcd would take over at its next start. */
  readonly databaseName: string;
  /** undefined without a segment: then `bolt` is the database. */
  readonly wal: WalLog | undefined;
  /** undefined without a log that can be used, or when it was not asked for. */
  readonly replay: ReplayFacts | undefined;
  /** What of the log is not in `bolt`, where that was accepted. */
  readonly loss: LogLoss | undefined;
}

export interface MemberStateOptions extends Omit<ReplayOptions, "through"> {
  /** `database` leaves the log out; see ReplayOptions for the others. `last-entry` when left out. */
  readonly through?: "last-entry" | "recorded-commit" | "database";
  /** Also where the log is missing, damaged or too short: then only what continues the database without a break is applied. */
  readonly acceptsLoss?: boolean;
  /** Progress of reading the log; that of the database's walk goes to `onBytes`. */
  readonly onLogBytes?: OnBytes | undefined;
}

/**
 * What a member held when its etcd ended: its database with the whole log
 * applied, which no official tool gives. The files must not change meanwhile:
 * read those of a stopped etcd, or a copy.
 * Throws FILE_NOT_RECOGNISED without a database, LOG_DOES_NOT_FIT, FILE_DAMAGED, FILE_UNSUPPORTED.
 */
export function readMemberState(dir: DataDir, options: MemberStateOptions = {}): MemberState {
  const wal =
    dir.segments.length === 0 ? undefined : openWal(dir.segments, options.onLogBytes === undefined ? {} : { onBytes: options.onLogBytes });
  const { database, databaseName } = chooseDatabase(dir, wal);
  const { through } = options;
  const alone = { bolt: database, database, databaseName, wal, replay: undefined };
  if (through === "database") return { ...alone, loss: undefined };
  const { log, loss, mustStopAtCommit } = usableLog(wal, loggedDatabase(database, dir), dir.name);
  if (loss !== undefined && options.acceptsLoss !== true) throw lossError(loss, dir.name);
  if (log === undefined) return { ...alone, loss };
  const replayed = replayLog(database, log, {
    version: options.version,
    onBytes: options.onBytes,
    through: mustStopAtCommit ? "recorded-commit" : (through ?? "last-entry"),
  });
  return { bolt: replayed.bolt, database, databaseName, wal, replay: replayed.facts, loss };
}

/** Source: etcd server/storage/backend.go (RecoverSnapshotBackend): the received one when the log begins behind what `db` holds. */
function chooseDatabase(dir: DataDir, wal: WalLog | undefined): { readonly database: BoltReader; readonly databaseName: string } {
  const own = dir.database === undefined ? undefined : openBolt(dir.database);
  const held = own === undefined ? undefined : (readMeta(own).consistentIndex ?? 0n);
  const needed = wal === undefined ? undefined : neededReceivedDatabase(wal, held);
  if (needed !== undefined) {
    const received = dir.receivedDatabases.find(({ index }) => index === needed);
    if (received !== undefined) return { database: openBolt(received.source), databaseName: received.name };
    // An older copy of the database will do when the log reaches back to it: usableLog sees to that.
  }
  if (own === undefined) throw notRecognised(dir.name, "a data directory with a database", "member/snap/db is missing");
  return { database: own, databaseName: "db" };
}
