/**
 * The thread that takes a snapshot from etcd: TLS, HTTP/2 and what they leave
 * to the collector go on beside the thread that stores it, in a heap that is
 * small enough to be marked in a moment.
 */
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { callSnapshot } from "./snapshot-call.ts";
import { SnapshotSlots } from "./snapshot-slots.ts";
import type { SlotFree, SnapshotNews, SnapshotThreadData } from "./snapshot-thread-messages.ts";
import { identityProblem, secureContextOf } from "./tls-identity.ts";

function main(port: MessagePort): void {
  const { work, slots } = workerData as SnapshotThreadData; // made by snapshotPieces
  const say = (news: SnapshotNews): void => port.postMessage(news);
  const filled = new SnapshotSlots(slots, say);
  const call = callSnapshot(
    {
      ...work,
      serverName: work.serverNames[0],
      secureContext: secureContextOf(work),
      checkServerIdentity: (_name, certificate) => identityProblem(work.serverNames, certificate),
    },
    {
      onBlob: (bytes) => {
        if (!filled.add(bytes)) call.pause();
      },
      onEnd: (failure) => filled.end(failure === undefined ? undefined : { code: failure.code, details: failure.details }),
    },
  );
  port.on("message", ({ free }: SlotFree) => {
    if (filled.release(free)) call.resume();
  });
}

if (parentPort === null) throw new Error("snapshot-worker.ts is a thread of requorum, not a program");
main(parentPort);
