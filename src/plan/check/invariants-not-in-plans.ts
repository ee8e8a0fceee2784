/**
 * Invariants that nothing in a plan of this version can keep or break, each
 * with the reason and the place that keeps it. A test holds this list and the
 * checks together against the failure catalogue: every I-G, I-S, I-R and I-X
 * stands in one of the two.
 */
export const invariantsNotInPlans: readonly { readonly invariant: string; readonly because: string }[] = [
  {
    invariant: "I-G7",
    because: "other actors do not show in a plan; the run's lock on every machine and the fingerprint at apply catch them",
  },
  { invariant: "I-S13", because: "no kind of step defragments or compacts" },
  { invariant: "I-S14", because: "how a file is written is the handler's business; plans name no contents of manifests" },
  { invariant: "I-S15", because: "how a static pod is stopped is the business of the handler of etcd.stopMember" },
  {
    invariant: "I-S17",
    because:
      "no step restarts the API server of a surviving machine, and host.restoreFiles puts back no manifest by which the kubelet would",
  },
  { invariant: "I-S19", because: "there is no restore or reset to run twice" },
  { invariant: "I-S20", because: "no kind of step sets an override; unsafe words are refused under I-S5" },
  { invariant: "I-S21", because: "no kind of step disarms an alarm; membership under an alarm is refused under I-S22" },
  { invariant: "I-X2", because: "the cluster id does not change, so no backup becomes another lineage; a snapshot is part of the plan" },
  ...Array.from({ length: 14 }, (_, index) => ({
    invariant: `I-R${String(index + 1)}`,
    because: "there is no restore; a step of an unknown kind is refused under I-G4",
  })),
];
