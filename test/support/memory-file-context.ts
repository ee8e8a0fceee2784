import { createHash } from "node:crypto";
import { nodeSealCiphers } from "../../src/adapters/system/node-seal-ciphers.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import type { FileContext } from "../../src/app/files/file-context.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import type { ProgressEvent } from "../../src/model/progress-event.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { ByteFiles, OpenByteFile } from "../../src/ports/byte-files.ts";
import { MemoryBoltSink } from "./bolt-bytes.ts";

/** Files in memory by absolute path; a path's parents are directories. */
export class MemoryFiles implements ByteFiles {
  readonly files = new Map<string, Uint8Array>();
  readonly locked = new Map<string, number>();
  /** Paths that another process writes to between the opening and the end. */
  readonly changing = new Set<string>();
  /** Seconds since the last write; a day where it is not said. */
  readonly ages = new Map<string, number>();
  openCount = 0;

  constructor(files: Readonly<Record<string, Uint8Array | string>> = {}) {
    for (const [path, content] of Object.entries(files)) this.files.set(path, typeof content === "string" ? Buffer.from(content) : content);
  }

  kindOf(path: string): "file" | "directory" {
    if (this.files.has(path)) return "file";
    if ([...this.files.keys()].some((one) => one.startsWith(`${path.replace(/\/$/, "")}/`))) return "directory";
    throw missing(path);
  }

  list(path: string): readonly string[] {
    const below = `${path.replace(/\/$/, "")}/`;
    const names = [...this.files.keys()].flatMap((one) => (one.startsWith(below) ? (one.slice(below.length).split("/")[0] ?? []) : []));
    return [...new Set(names)].sort();
  }

  open(path: string): OpenByteFile {
    const content = this.files.get(path);
    if (content === undefined) throw missing(path);
    const source = new MemoryByteSource(content, path);
    this.openCount += 1;
    return {
      name: path,
      size: source.size,
      secondsSinceWrite: this.ages.get(path) ?? 86_400,
      readInto: (offset, into) => {
        source.readInto(offset, into);
      },
      assertUnchanged: () => {
        if (this.changing.has(path)) throw new RecoveryError("FILE_CHANGED", { subject: `file ${path}`, detail: "it was written to" });
      },
      close: () => {
        this.openCount -= 1;
      },
    };
  }

  identityOf(path: string): string {
    this.kindOf(path);
    return path.replace(/\/+$/, "");
  }

  lockHolder(path: string): { readonly pid: number } | undefined {
    const pid = this.locked.get(path);
    return pid === undefined ? undefined : { pid };
  }
}

function missing(path: string): RecoveryError {
  return new RecoveryError("LOCAL_FILE_FAILED", { subject: `file ${path}`, detail: "could not look at it: ENOENT" });
}

export interface MemoryFileContext extends FileContext {
  readonly files: MemoryFiles;
  /** Files of data dirs that were committed, by whole path. */
  readonly written: Map<string, Uint8Array>;
  readonly events: ProgressEvent[];
}

/** What work on files is given, without a disk. */
export function memoryFileContext(files: Readonly<Record<string, Uint8Array | string>> = {}): MemoryFileContext {
  const written = new Map<string, Uint8Array>();
  const events: ProgressEvent[] = [];
  return {
    files: new MemoryFiles(files),
    written,
    events,
    dataDirs: {
      begin: (directory) => {
        const sinks = new Map<string, MemoryBoltSink>();
        return {
          leftovers: [],
          freeBytes: 1n << 40n,
          create: (path) => {
            const sink = new MemoryBoltSink();
            sinks.set(`${directory}/${path}`, sink);
            return Object.assign(sink, { close: () => undefined });
          },
          commit: () => {
            for (const [path, sink] of sinks) written.set(path, sink.content());
          },
          discard: () => {
            sinks.clear();
          },
        };
      },
    },
    hashing: new NodeHashing(),
    sha1: (data) => createHash("sha1").update(data).digest(),
    report: (event) => events.push(event),
    ciphers: nodeSealCiphers,
  };
}
