import type { RaftAction, TxnRequest } from "../raft/internal-raft-request.ts";
import { keySelection } from "./key-range.ts";
import type { KeyInterest } from "./key-states.ts";

/** Adds the keys that the action may look at or change, before anything is applied, so that the base is walked only once. */
export function noteInterest(interest: KeyInterest, action: RaftAction): void {
  switch (action.kind) {
    case "put":
      interest.select(keySelection(action.put.key, new Uint8Array(0)));
      return;
    case "delete-range":
      interest.select(keySelection(action.deleteRange.key, action.deleteRange.rangeEnd));
      return;
    case "txn":
      noteTxn(interest, action.txn);
      return;
    case "lease-revoke":
      interest.leases.add(action.leaseId);
      return;
    case "range":
    case "compaction":
    case "lease-grant":
    case "lease-checkpoint":
    case "alarm":
    case "auth":
    case "cluster-version-set":
    case "cluster-member-attributes-set":
    case "downgrade-info-set":
    case "downgrade-version-test":
    case "v2":
    case "unknown":
      return;
  }
}

/** Both branches: which one runs is known only when everything before it has been applied. Depth is limited where requests are decoded. */
function noteTxn(interest: KeyInterest, txn: TxnRequest): void {
  for (const compare of txn.compare) interest.select(keySelection(compare.key, compare.rangeEnd));
  for (const operation of [...txn.success, ...txn.failure]) {
    if (operation.kind === "put") interest.select(keySelection(operation.put.key, new Uint8Array(0)));
    else if (operation.kind === "delete-range") interest.select(keySelection(operation.deleteRange.key, operation.deleteRange.rangeEnd));
    else if (operation.kind === "txn") noteTxn(interest, operation.txn);
  }
}
