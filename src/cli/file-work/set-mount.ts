import type { MessagePort } from "node:worker_threads";
import type { CarriedError } from "./carried-error.ts";

/** A backup set as the thread that works on files sees it: a file, or a directory of files, under the set's name. */
export interface SetMount {
  /** The path by which the engine knows it. */
  readonly name: string;
  readonly files: readonly {
    /** "" : the set itself is this file. */
    readonly name: string;
    readonly sizeBytes: number;
    /** Of its content before the checksum at its end, hex; it was compared when the set was made, and every chunk is authenticated. */
    readonly contentSha256: string | undefined;
  }[];
}

/** How the thread that works on files asks for bytes of the sets: it waits, and the other one answers. */
export interface SetReads {
  readonly mounts: readonly SetMount[];
  readonly port: MessagePort;
  /** One word: how many answers there were. Seen by both threads; an answer is in the port before it is counted. */
  readonly answered: SharedArrayBuffer;
}

export interface SetReadRequest {
  readonly mount: number;
  readonly file: number;
  readonly offset: number;
  readonly length: number;
  /** What will probably be asked for next: to be fetched meanwhile. */
  readonly next: { readonly offset: number; readonly length: number } | undefined;
}

export type SetReadAnswer =
  { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "error"; readonly error: CarriedError };
