import type { ProgressEvent } from "../../model/progress-event.ts";
import type { SealedReading } from "../../ports/sealed-spool.ts";
import type { CarriedError } from "./carried-error.ts";
import type { FileTaskName, FileTaskRequest } from "./file-tasks.ts";
import type { SetReads } from "./set-mount.ts";
import type { TextFlow } from "./text-flow.ts";

/** What the thread that works on files is given. */
export interface FileWork<Name extends FileTaskName = FileTaskName> {
  readonly name: Name;
  readonly request: FileTaskRequest<Name>;
  readonly spooled: readonly CarriedSpooled[];
  readonly flow: TextFlow;
  /** The files that there are, instead of those of this machine. */
  readonly sealed?: SealedReading;
  /** Backup sets, beside those of this machine. */
  readonly sets?: SetReads;
}

/** What the thread that works on files says to the one that shows. */
export type FileMessage =
  | { readonly kind: "progress"; readonly event: ProgressEvent }
  /** Something is being written under this name, or nothing any more: who ends the thread removes it. */
  | { readonly kind: "temporary"; readonly path: string | undefined }
  /** A piece of what is printed, to be noted in the flow when it was taken. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly error: CarriedError };

/** Where the copy of a file of another machine is, or why there is none. */
export type CarriedSpooled =
  | { readonly name: string; readonly path: string }
  | { readonly name: string; readonly error: CarriedError & { readonly kind: "expected" } };
