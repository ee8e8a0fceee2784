import type { FileObjects } from "../../model/file-objects.ts";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { ObjectSelection } from "./object-selection.ts";
import type { StateRequest } from "./open-state.ts";

/** As GetObjectsRequest, which is made of what imports this file. */
interface Asked extends StateRequest {
  readonly selection: ObjectSelection;
  /** 0n: the newest. */
  readonly revision: bigint;
  readonly includesMadeAgain?: boolean;
  readonly prefix?: string | undefined;
  readonly isRaw: boolean;
  readonly encryptionConfig: string | undefined;
  readonly call?: string | undefined;
}

export interface SelectedObjects extends Omit<FileObjects, "sha256" | "logLoss" | "metaDamage"> {
  /** Below which they were looked for. */
  readonly prefixes: readonly string[];
}

/** Why a selection gives no object: the worst of its reasons. */
export function nothingGot(request: Asked, found: SelectedObjects): RecoveryError {
  const { unread, unreadCount, leftAside, missing, elsewhere } = found;
  const subject = `${/^\d{8}-\d{6}-[0-9a-z]{6}$/.test(request.path) ? "set" : "file"} ${request.path}`;
  const [first] = unread.toSorted((one, other) => Number(one.isSealed) - Number(other.isSealed));
  if (first !== undefined) {
    const more = unreadCount > 1 ? `; ${String(unreadCount - 1)} more cannot be read either` : "";
    const detail = `${first.key}: ${first.why}${more}`;
    if (!first.isSealed) return new RecoveryError("OBJECT_UNREADABLE", { subject: `key ${first.key}`, detail });
    return new RecoveryError("VALUE_SEALED", { subject: `key ${first.key}`, detail, remedies: [sealRemedy(request)] });
  }
  const [other] = elsewhere;
  if (other !== undefined)
    return new RecoveryError("OBJECT_NOT_FOUND", {
      subject,
      detail: `what was asked for is not below ${found.prefixes.join(" and ")}, but ${elsewhereWords(found)}`,
      remedies: [{ why: "take them from there", command: getCommand({ ...request, prefix: other.prefix }) }],
    });
  const asideCount = leftAside.reduce((sum, one) => sum + one.objects, 0);
  if (asideCount > 0)
    return new RecoveryError("OBJECT_NOT_FOUND", {
      subject,
      detail: `of what was asked for there are only ${String(asideCount)} that the cluster makes again by itself (${leftAside.map(({ resource }) => resource).join(", ")})`,
      remedies: [{ why: "name the resource to get them, or give --all", command: getCommand({ ...request, includesMadeAgain: true }) }],
    });
  const held = missing.find((one) => one.lastRevision !== undefined)?.lastRevision;
  return new RecoveryError("OBJECT_NOT_FOUND", {
    subject,
    detail: `${missing.map((one) => one.why).join("; ")}${noPrefixWords(request, found)}`,
    remedies: held === undefined ? [] : [{ why: "take it as it was before", command: getCommand({ ...request, revision: held }) }],
  });
}

/** The call that asks so: advice that drops an option of the operator's gives something else than he asked for. */
function getCommand(request: Asked): string {
  const { path, selection, revision } = request;
  const { what, names = [], namespace, selector } = selection;
  const option = (name: string, value: string | undefined): readonly string[] => (value === undefined ? [] : [name, shellWord(value)]);
  const flag = (name: string, isGiven: boolean | undefined): readonly string[] => (isGiven === true ? [name] : []);
  return [
    request.call ?? "requorum snapshot get",
    ...[path, what ?? [], ...names].flat().map(shellWord),
    ...option("--namespace", namespace),
    ...option("--selector", selector),
    ...option("--revision", revision === 0n ? undefined : String(revision)),
    ...flag("--all", request.includesMadeAgain),
    ...option("--prefix", request.prefix),
    ...flag("--raw", request.isRaw),
    ...option("--encryption-config", request.encryptionConfig),
    ...flag("--committed-only", request.committedOnly),
    ...option("--wal-dir", request.walDir),
    ...flag("--skip-hash-check", request.skipsHashCheck),
  ].join(" ");
}

/** Of what other clusters in the same etcd have. */
export function elsewhereWords({ elsewhere }: Pick<FileObjects, "elsewhere">): string {
  const each = elsewhere.map(({ prefix, objects }) => `${String(objects)} below ${prefix}`).join(", ");
  return `${each}, where another cluster keeps its objects`;
}

function noPrefixWords({ revision }: Asked, { prefixes, revision: at }: SelectedObjects): string {
  if (prefixes.length > 0) return "";
  return revision === 0n
    ? "; no keys of a Kubernetes API server were found in this file"
    : `; at revision ${String(at)} there were no keys of a Kubernetes API server yet in this file`;
}

function sealRemedy(request: Asked): Remedy {
  const { encryptionConfig } = request;
  return encryptionConfig === undefined
    ? {
        why: "give the EncryptionConfiguration of the control-plane machines (usually /etc/kubernetes/enc, named in kube-apiserver.yaml)",
        command: getCommand({ ...request, encryptionConfig: "encryption.yaml" }),
      }
    : { why: `${encryptionConfig} does not open it: give the EncryptionConfiguration that was in use when it was written` };
}
