import { hashKv } from "../../formats/etcd/mvcc/hash-kv.ts";
import { openMvcc } from "../../formats/etcd/mvcc/open-mvcc.ts";
import { readMeta } from "../../formats/etcd/schema/read-meta.ts";
import type { FileHashKv } from "../../model/file-inspection.ts";
import { checksumOf, onCheckedContent } from "./check-trailer.ts";
import { assertNoLogLoss } from "./replayed-state.ts";
import { newHashSeed, showing, type FileContext } from "./file-context.ts";
import { metaDamageOf } from "./meta-damage.ts";
import { withState, type StateRequest } from "./open-state.ts";

export interface HashKvRequest extends StateRequest {
  /** Of a data dir: also without what its log should have given. */
  readonly acceptsLogDamage?: boolean;
  /** 0n: the newest. */
  readonly revision: bigint;
  /** Whose number is wanted, `3.6.16`; left out: the version that the file says. */
  readonly etcdVersion: string | undefined;
}

/** What `etcdctl endpoint hashkv` gives on a server that holds the same data. */
export function hashKvFile(context: FileContext, request: HashKvRequest): FileHashKv {
  return withState(context, request, (opened) =>
    onCheckedContent(context, opened, request, (checked) => {
      const { bolt, loss } = opened.state();
      assertNoLogLoss(loss, request, "hashkv"); // the hash of a state that never was the newest would be compared with those of living members
      const version = request.etcdVersion ?? readMeta(bolt).schemaVersion;
      const found = hashKv(openMvcc(bolt), request.revision, {
        version,
        hashSeed: newHashSeed(context),
        onBytes: showing(context, "hashing every record"),
      });
      return {
        file: request.path,
        form: opened.form,
        logLoss: loss,
        metaDamage: metaDamageOf(opened),
        sha256: checksumOf(opened, checked()),
        etcdVersion: version,
        ...found,
      };
    }),
  );
}
