import type { ErrorEntry } from "./error-entry.ts";

/** The part of the error catalogue that is about the content of files: snapshots, databases, logs, data dirs. */
export const fileErrorEntries = {
  FILE_DAMAGED: {
    summary: "the file is damaged",
    retry: "permanent",
    exit: "failed",
    meaning:
      "Bytes at the named place cannot be what the format says. Nothing was written. Another copy, or another member, is needed for what stands there.",
  },
  FILE_NOT_FOUND: {
    summary: "there is no such file",
    retry: "permanent",
    exit: "usage",
    meaning: "Nothing is at the path that was given. Nothing was read or changed.",
  },
  FILE_NOT_RECOGNISED: {
    summary: "not a file of this kind",
    retry: "permanent",
    exit: "usage",
    meaning: "The file does not begin like an etcd snapshot, database, log or data directory; the detail says what it looks like instead.",
  },
  FILE_UNSUPPORTED: {
    summary: "this engine does not read such a file",
    retry: "permanent",
    exit: "failed",
    meaning: "The file is well formed as far as can be seen, but of a form or version that requorum does not know. It does not guess.",
  },
  FILE_CHANGED: {
    summary: "the file changed while it was read",
    retry: "transient",
    exit: "failed",
    meaning: "Somebody writes to it: a running etcd, or a copy that has not ended. Results would mix two states, so none is given.",
  },
  FILE_IN_USE: {
    summary: "another process uses the file",
    retry: "permanent",
    exit: "failed",
    meaning: "A running etcd changes its files under the reader, and a copy of them is not usable either. Nothing was read.",
  },
  REVISION_NOT_IN_FILE: {
    summary: "it does not hold this revision",
    retry: "permanent",
    exit: "usage",
    meaning: "The revision was compacted away, or is newer than the newest one in the file.",
    remedies: [{ why: "name one that the detail says is held, or none for the newest; older ones may be in an older set or snapshot" }],
  },
  OBJECT_NOT_FOUND: {
    summary: "no such object there",
    retry: "permanent",
    exit: "findings",
    meaning:
      "What was read of the file, at the wanted revision, does not hold this object. Where it was deleted before, the detail says when, and which revision still has it. Where the detail names a part that was not read, as of a damaged log or meta page, the object may be there; else all was read.",
  },
  OBJECT_UNREADABLE: {
    summary: "an object cannot be read as a whole",
    retry: "permanent",
    exit: "findings",
    meaning:
      "What stands under its key is damaged, is no object, is one of another name or namespace than its key, or is of a kind or with fields that requorum does not know. All other objects are given as if it were not there; the detail names its key and why.",
  },
  VALUE_SEALED: {
    summary: "the value is encrypted",
    retry: "permanent",
    exit: "findings",
    meaning:
      "The API server encrypted this value at rest. Its key is in the EncryptionConfiguration of the control-plane machines, or in a KMS that only the API server reaches.",
  },
  ENCRYPTION_CONFIG_INVALID: {
    summary: "invalid EncryptionConfiguration",
    retry: "permanent",
    exit: "usage",
    meaning: "The file given as EncryptionConfiguration is not one; the detail says where and what was expected.",
  },
  OUT_OF_MEMORY: {
    summary: "the memory is not enough for this",
    retry: "permanent",
    exit: "failed",
    meaning:
      "The work on a file needed more memory than it may take, and was ended. Nothing is wrong with the file by that, and nothing of a result was written.",
  },
  TARGET_NOT_EMPTY: {
    summary: "the target is not empty",
    retry: "permanent",
    exit: "refused",
    meaning:
      "A data directory, a directory of unsealed files or a key file is only ever written to a path where nothing is, or an empty directory. Nothing was written or changed.",
  },
  LOG_DOES_NOT_FIT: {
    summary: "the log does not continue the database",
    retry: "permanent",
    exit: "failed",
    meaning:
      "A data dir is its database and the log that continues it. Here the log is missing, begins too late, ends before what was committed or before what the database holds, or is of another history; the detail says which entries are not there. A restore and a hash are refused; with --accept-log-damage they are made of the database and what surely continues it.",
  },
  LOG_NOT_READ: {
    summary: "a database was given without the log beside it",
    retry: "permanent",
    exit: "failed",
    meaning:
      "The file member/snap/db of a data dir lacks what was acknowledged last: that stands in the log, in member/wal. Give the data dir, and both are read. A restore and a hash of the file alone are refused; with --accept-log-damage they are made without what the log holds.",
  },
  RESTORE_REQUEST_INVALID: {
    summary: "this cannot be restored so",
    retry: "permanent",
    exit: "usage",
    meaning: "Names, peer URLs, revision bump or target version do not make a cluster that etcd would start. Nothing was written.",
  },
} as const satisfies { readonly [code: string]: ErrorEntry };
