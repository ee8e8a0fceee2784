/**
 * Every expected failure of ours, by permanent code. docs/errors.md is
 * generated from this table. Summaries are constant; details come from the
 * place that throws.
 */
import { backupErrorEntries } from "./backup-error-entries.ts";
import type { ErrorEntry } from "./error-entry.ts";
import { fileErrorEntries } from "./file-error-entries.ts";

export { exitCodes, type ErrorEntry, type ExitName, type Retry } from "./error-entry.ts";

const catalogue = {
  NOT_BUILT_YET: {
    summary: "not built yet",
    retry: "permanent",
    exit: "usage",
    meaning: "This part of requorum is planned but does not exist in this version. Nothing was changed.",
  },
  USAGE: {
    summary: "wrong usage",
    retry: "permanent",
    exit: "usage",
    meaning: "The command line does not make sense. Nothing was read or changed.",
  },
  CONFIG_NOT_FOUND: {
    summary: "no configuration",
    retry: "permanent",
    exit: "usage",
    meaning: "requorum.yaml was not found where it was looked for.",
    remedies: [{ why: "write one from the machines' names", command: "requorum init --host cp1 --host cp2 --host cp3" }],
  },
  CONFIG_INVALID: {
    summary: "invalid configuration",
    retry: "permanent",
    exit: "usage",
    meaning: "A file that you wrote does not have the expected form, or something in it is missing; the detail says where, or what.",
    remedies: [{ why: "correct it there, and give the same call again; docs/requorum.schema.json says what may stand in requorum.yaml" }],
  },
  INVENTORY_FILE_INVALID: {
    summary: "invalid inventory file",
    retry: "permanent",
    exit: "usage",
    meaning: "A saved inventory or an Ansible inventory could not be understood; the detail says where.",
  },
  PLAN_INVALID: {
    summary: "invalid plan file",
    retry: "permanent",
    exit: "verificationFailed",
    meaning: "The plan file was changed or damaged after it was written; it is never executed.",
    remedies: [{ why: "make a new plan from what the cluster looks like now", command: "requorum plan" }],
  },
  PLAN_REFUSED: {
    summary: "the plan breaks a safety invariant",
    retry: "permanent",
    exit: "refused",
    meaning: "The independent plan checker found a rule that the plan breaks. Nothing was changed.",
  },
  PLAN_STALE: {
    summary: "the cluster no longer looks as it did when the plan was made",
    retry: "permanent",
    exit: "refused",
    meaning: "The plan's fingerprint does not match what is observed now, or the plan has expired. Nothing was changed.",
    remedies: [{ why: "plan again from what the cluster looks like now", command: "requorum plan" }],
  },
  CONSENT_MISSING: {
    summary: "no consent",
    retry: "permanent",
    exit: "refused",
    meaning: "A plan that changes anything needs the cluster's name typed, or --approve with the plan's digest.",
  },
  SSH_UNREACHABLE: {
    summary: "host cannot be reached by SSH",
    retry: "transient",
    exit: "factsIncomplete",
    meaning: "No SSH session could be made. Unreachable is not dead: the machine may be running.",
  },
  SSH_HOST_KEY_CHANGED: {
    summary: "the SSH host key is not the known one",
    retry: "permanent",
    exit: "refused",
    meaning: "The machine presents another host key than the one recorded. It was reinstalled, or it is not that machine.",
    remedies: [
      {
        why: "compare the fingerprint on the machine's console, then record the new key with ssh-keyscan and remove the old one with ssh-keygen -R",
      },
    ],
  },
  SSH_HOST_KEY_UNKNOWN: {
    summary: "the SSH host key is not recorded",
    retry: "permanent",
    exit: "refused",
    meaning:
      "No host key of this machine is in known_hosts, so nobody can say that it is that machine. requorum never records a key by itself.",
  },
  SSH_CONNECTION_LOST: {
    summary: "the SSH connection broke during a command",
    retry: "transient",
    exit: "factsIncomplete",
    meaning:
      "The machine was reached, but the connection ended before the command's result came. If the command changes things, its outcome is unknown.",
  },
  SSH_SUDO_REFUSED: {
    summary: "sudo did not give root",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning: "The login works, but `sudo -n` asks for a password or does not allow it. Nothing was run.",
  },
  SSH_AUTH_FAILED: {
    summary: "SSH login refused",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning: "The machine answers, but none of the offered keys was accepted.",
  },
  SSH_CLIENT_MISSING: {
    summary: "no OpenSSH client on this machine",
    retry: "permanent",
    exit: "usage",
    meaning: "requorum uses the system's ssh program.",
    remedies: [{ why: "Debian or Ubuntu", command: "apt-get install openssh-client" }],
  },
  REMOTE_COMMAND_FAILED: {
    summary: "a command on the machine failed",
    retry: "permanent",
    exit: "failed",
    meaning: "The machine was reached and the command ran, but it ended with an error.",
  },
  REMOTE_TIMEOUT: {
    summary: "a command on the machine did not end in time",
    retry: "unknown-outcome",
    exit: "outcomeUnknown",
    meaning: "The command may still be running or may have taken effect. requorum looks before it does anything else.",
  },
  REMOTE_OUTPUT_TOO_LARGE: {
    summary: "a command's output was larger than its limit",
    retry: "permanent",
    exit: "failed",
    meaning: "Output is bounded so that a broken machine cannot fill this one's memory.",
  },
  REMOTE_ANSWER_MALFORMED: {
    summary: "a machine's answer could not be understood",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning: "The answer is not of the expected form; it counts as unknown.",
  },
  UPLOAD_CORRUPT: {
    summary: "an uploaded file has the wrong checksum",
    retry: "transient",
    exit: "failed",
    meaning: "The temporary file on the machine did not match and was removed; the target was not touched.",
  },
  ETCD_UNREACHABLE: {
    summary: "etcd endpoint does not answer",
    retry: "transient",
    exit: "factsIncomplete",
    meaning: "No connection to this one etcd endpoint. Unreachable is not dead.",
  },
  ETCD_TIMEOUT: {
    summary: "etcd did not answer in time",
    retry: "transient",
    exit: "factsIncomplete",
    meaning: "The endpoint accepted the connection but gave no answer in time. On a write the outcome is unknown.",
  },
  ETCD_TLS: {
    summary: "TLS with etcd failed",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning: "The certificate presented or required does not fit: expired, another CA, or a name that is not in it.",
  },
  ETCD_NO_LEADER: {
    summary: "etcd has no leader",
    retry: "transient",
    exit: "factsIncomplete",
    meaning: "The endpoint is up but its cluster has no quorum, or an election is under way.",
  },
  ETCD_REFUSED: {
    summary: "etcd refused the request",
    retry: "permanent",
    exit: "failed",
    meaning: "etcd answered with an error of its own; the detail quotes it.",
  },
  ETCD_CREDENTIALS_MISSING: {
    summary: "no etcd client certificate on the machine",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning:
      "etcd's client certificate, its key or its CA is not where it is looked for: the machine is fresh or was wiped, or its etcd keeps them elsewhere.",
  },
  ETCD_WRONG_CLUSTER: {
    summary: "the endpoint belongs to another etcd cluster",
    retry: "permanent",
    exit: "refused",
    meaning: "The cluster id in the answer is not the expected one. Nothing was changed.",
  },
  SNAPSHOT_BAD: {
    summary: "the snapshot failed verification",
    retry: "permanent",
    exit: "verificationFailed",
    meaning: "The checksum, size, revision or origin of a snapshot is not what it must be. It does not count as a copy.",
  },
  KUBE_API_UNREACHABLE: {
    summary: "API server does not answer",
    retry: "transient",
    exit: "factsIncomplete",
    meaning: "No connection to this one API server. On a write the outcome is unknown.",
  },
  KUBE_API_TLS: {
    summary: "TLS with the API server failed",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning: "The certificate presented or required does not fit: expired, another CA, or a name that is not in it.",
  },
  KUBE_CREDENTIALS_MISSING: {
    summary: "no administrator's kubeconfig on the machine",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning:
      "Neither admin.conf nor super-admin.conf is there, or it has no client certificate: the machine is fresh, was wiped, or never was a control-plane node.",
  },
  KUBE_API_REFUSED: {
    summary: "the API server refused the request",
    retry: "permanent",
    exit: "failed",
    meaning: "The API server answered with an error; the detail quotes its status and reason.",
  },
  LOCAL_DISK_FULL: {
    summary: "this machine's disk is full",
    retry: "permanent",
    exit: "failed",
    meaning:
      "What was to be written on the operator's machine has no room there. A file of requorum's own is never put in place half-written; one that you let the shell write (`> FILE`) ends where the room ended.",
    remedies: [{ why: "free space on that disk, then go on with the run; it is found where it was begun", command: "requorum resume" }],
  },
  ...fileErrorEntries,
  ...backupErrorEntries,
  LOCAL_FILE_FAILED: {
    summary: "a local file could not be read or written",
    retry: "permanent",
    exit: "failed",
    meaning: "The operating system refused; the detail says which file and why.",
    remedies: [
      { why: "see what this machine lacks; where requorum keeps its own files is set with XDG_STATE_HOME", command: "requorum doctor" },
    ],
  },
  RUN_LOCKED: {
    summary: "another run holds the lock",
    retry: "permanent",
    exit: "locked",
    meaning: "Only one run per cluster may change anything. The detail says who holds the lock, where and since when.",
    remedies: [{ why: "see the runs known here", command: "requorum runs list" }],
  },
  RUN_NOT_FOUND: {
    summary: "no such run",
    retry: "permanent",
    exit: "usage",
    meaning: "There is no run of this name in this machine's state directory.",
    remedies: [{ why: "see the runs known here", command: "requorum runs list" }],
  },
  JOURNAL_CORRUPT: {
    summary: "the journal is damaged",
    retry: "permanent",
    exit: "verificationFailed",
    meaning: "A line does not follow from the one before it (hash, sequence or an impossible event). The run cannot be resumed from it.",
    remedies: [
      { why: "keep the run's directory as it is, and plan from what the cluster looks like now", command: "requorum plan" },
      { why: "if the run's lock is still on the machines, let the new plan take it over", command: "requorum apply PLAN --break-lock" },
    ],
  },
  JOURNAL_NEWER: {
    summary: "the journal was written by a newer requorum",
    retry: "permanent",
    exit: "usage",
    meaning: "It can be read but not continued by this version.",
  },
  STEP_BLOCKED: {
    summary: "a step's precondition does not hold",
    retry: "permanent",
    exit: "blocked",
    meaning: "The cluster is not as the step needs it, or that is not known. Nothing was done by this step.",
    remedies: [{ why: "plan again from what the cluster looks like now", command: "requorum plan" }],
  },
  STEP_FAILED: {
    summary: "a step failed",
    retry: "permanent",
    exit: "failed",
    meaning: "The step ran and its goal is observed not to hold. The run stopped; it can be resumed or planned again.",
    remedies: [{ why: "look, and go on from what is observed", command: "requorum resume" }],
  },
  VERIFICATION_FAILED: {
    summary: "the result failed verification",
    retry: "permanent",
    exit: "verificationFailed",
    meaning: "The recovery's steps are done, but the exit rules do not all hold. The detail lists which.",
    remedies: [{ why: "see what is still wrong", command: "requorum diagnose" }],
  },
  FACTS_INCOMPLETE: {
    summary: "not enough is known",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning: "A decision needs facts that could not be obtained. Unknown is not healthy and not dead.",
  },
  INTERRUPTED: {
    summary: "interrupted",
    retry: "unknown-outcome",
    exit: "interrupted",
    meaning: "You stopped requorum; the detail says what is left. A run that was under way is gone on with by looking first.",
    remedies: [{ why: "go on with a run that was under way", command: "requorum resume" }],
  },
  TIMED_OUT_WAITING: {
    summary: "waited too long",
    retry: "permanent",
    exit: "failed",
    meaning: "Something that was expected to happen did not happen within its limit; the detail names it.",
  },
  LAB_MARK_MISSING: {
    summary: "not a machine of the lab",
    retry: "permanent",
    exit: "refused",
    meaning: "The lab's break and destroy verbs touch only machines and clusters that carry the lab's mark.",
  },
  LAB_NOT_FOUND: {
    summary: "no such lab",
    retry: "permanent",
    exit: "usage",
    meaning: "There is no lab of this name on this machine.",
    remedies: [{ why: "see the labs of this machine", command: "requorum lab status" }],
  },
  LAB_EXISTS: {
    summary: "a lab of this name exists",
    retry: "permanent",
    exit: "usage",
    meaning: "Take it down first, or choose another name.",
    remedies: [{ why: "take it down", command: "requorum lab down" }],
  },
  LAB_UNSUPPORTED: {
    summary: "the lab cannot run on this machine",
    retry: "permanent",
    exit: "usage",
    meaning:
      "The lab needs Linux, root, systemd-nspawn and a way to get the Kubernetes and etcd programs; the detail says what is missing and how to get it.",
  },
  LAB_FAILED: {
    summary: "the lab could not do that",
    retry: "permanent",
    exit: "failed",
    meaning: "A machine, program or fault of the lab failed; the detail says which.",
  },
} as const satisfies { readonly [code: string]: ErrorEntry };

export type ErrorCode = keyof typeof catalogue;
export const errorCatalogue: { readonly [C in ErrorCode]: ErrorEntry } = catalogue;
export const errorCodes = Object.keys(catalogue) as readonly ErrorCode[];
