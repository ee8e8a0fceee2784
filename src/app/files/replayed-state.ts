import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import type { DataDir } from "../../formats/etcd/data-dir/data-dir.ts";
import { replayLog, type ReplayFacts } from "../../formats/etcd/replay/replay-log.ts";
import { loggedDatabase } from "../../formats/etcd/replay/logged-database.ts";
import { lossError, usableLog, type UsableLog } from "../../formats/etcd/replay/usable-log.ts";
import { readMeta } from "../../formats/etcd/schema/read-meta.ts";
import type { WalLog } from "../../formats/etcd/wal/wal-log.ts";
import type { FileLogLoss } from "../../model/file-inspection.ts";
import { logLossWords } from "../../model/log-loss-words.ts";
import { isUnreadable } from "../../formats/format-error.ts";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { showing, type FileContext } from "./file-context.ts";
import { dataDirOf } from "./log-beside.ts";

/** What a start on a data dir would serve, as far as its log can be read. */
export interface ReplayedState {
  readonly bolt: BoltReader;
  /** Of what was applied; undefined: `bolt` is the database alone. */
  readonly replay: ReplayFacts | undefined;
  /** Of a log that was read and is not in `bolt`, because not all of it can be applied. */
  readonly notApplied: ReplayFacts | undefined;
  readonly loss: FileLogLoss | undefined;
}

/**
 * The database with what of the log continues it without a break; what is
 * lost is named in `loss`. Throws what reading the files throws, and damage
 * of the database.
 */
export function replayedState(
  context: FileContext,
  { dir, wal }: { readonly dir: DataDir; readonly wal: WalLog | undefined },
  base: BoltReader,
  committedOnly: boolean,
): ReplayedState {
  const usable = usableLog(wal, loggedDatabase(base, dir), dir.name);
  const alone = { bolt: base, replay: undefined, notApplied: undefined };
  if (usable.log === undefined) return { ...alone, loss: usable.loss };
  try {
    const { bolt, facts } = replayLog(base, usable.log, {
      through: committedOnly || usable.mustStopAtCommit ? "recorded-commit" : "last-entry",
      onBytes: showing(context, "replaying the log over the database"),
    });
    if (facts.notReplayedCount === 0) return { bolt, replay: facts, notApplied: undefined, loss: usable.loss };
    const [first] = facts.notReplayed;
    const others = facts.notReplayedCount === 1 ? "" : `, nor ${String(facts.notReplayedCount - 1)} behind it`;
    const what = `entry ${String(first?.index)} of the log cannot be applied${others}: ${first?.because ?? ""}`;
    return { ...alone, notApplied: facts, loss: withoutReplay(usable, facts.databaseIndex, what) };
  } catch (error) {
    // Damage of the database comes back when it is read without the log.
    if (!isUnreadable(error)) throw error;
    return { ...alone, loss: withoutReplay(usable, readMeta(base).consistentIndex ?? 0n, `${error.subject}: ${error.detail}`) };
  }
}

/** The state after some entries of a log, and without one among them, never was. */
function withoutReplay({ loss, throughIndex }: UsableLog, databaseIndex: bigint, what: string): FileLogLoss {
  return {
    kind: "not-applicable",
    problems: [...(loss?.problems ?? []), what],
    throughIndex: databaseIndex,
    missingThrough: loss?.missingThrough ?? throughIndex,
    unreadBytes: loss?.unreadBytes ?? 0,
  };
}

/** For who gives nothing rather than a state that lacks what was acknowledged. */
export function assertNoLogLoss(
  loss: FileLogLoss | undefined,
  request: { readonly path: string; readonly walDir?: string | undefined; readonly acceptsLogDamage?: boolean },
  verb: "restore" | "hashkv",
): void {
  if (loss === undefined || request.acceptsLogDamage === true) return;
  const { code, subject, detail } = lossError(loss, request.path);
  throw new RecoveryError(code, { subject, detail, remedies: remediesOf(loss, request, verb) });
}

/** That something is not there is no answer where a part could not be read. */
export function withLogLoss(error: RecoveryError, loss: FileLogLoss | undefined): RecoveryError {
  if (loss === undefined) return error;
  const { code, subject, remedies } = error;
  return new RecoveryError(code, {
    subject,
    remedies,
    detail: `${error.detail}; but the log was not read to its end: ${logLossWords(loss)}`,
  });
}

function remediesOf(
  { kind }: FileLogLoss,
  { path, walDir }: { readonly path: string; readonly walDir?: string | undefined },
  verb: "restore" | "hashkv",
): readonly Remedy[] {
  const rank = `requorum snapshot rank ${shellWord(path)} OTHER-DATA-DIR`;
  if (kind === "beside")
    return [
      {
        why: "give the data dir in place of its database, with the same options",
        command:
          verb === "restore"
            ? `requorum snapshot restore ${shellWord(dataDirOf(path))}`
            : `requorum snapshot hashkv ${shellWord(dataDirOf(path))}`,
      },
      { why: "or go on with the database alone, without what the log holds: --accept-log-damage" },
    ];
  return [
    {
      why: "see which of the other survivors has more",
      command: walDir === undefined ? rank : `${rank} --wal-dir ${shellWord(`${path}=${walDir}`)}`,
    },
    ...(kind === "missing" || kind === "does-not-fit"
      ? [
          walDir === undefined
            ? { why: "where the member ran with --wal-dir, name that directory: --wal-dir DIR" }
            : { why: `make sure that ${walDir}, which --wal-dir names, is the log of this member` },
        ]
      : []),
    {
      why:
        kind === "not-applicable" || kind === "missing" || kind === "does-not-fit"
          ? "go on with the database alone, without what the log held: --accept-log-damage"
          : "go on with what surely continues the database, without the rest: --accept-log-damage",
    },
  ];
}
