/** Objects taken out of a file, as text, so that no number in them is rounded on the way. */
export interface FileObjects {
  readonly file: string;
  readonly revision: bigint;
  readonly objects: readonly FileObject[];
  /** Of a choice that names no resource: what the cluster makes again by itself, and was not wanted. */
  readonly leftAside: readonly { readonly resource: string; readonly objects: number }[];
  /** Selected, and not to be read. */
  readonly sealed: readonly { readonly key: string; readonly why: string }[];
}

export interface FileObject {
  readonly key: string;
  /** The revision that wrote it. */
  readonly modRevision: bigint;
  readonly yaml: string;
  readonly json: string;
  /** Fields that were left out so that `kubectl apply` takes it. */
  readonly leftOut: readonly string[];
}

export interface FileDiff {
  readonly from: { readonly file: string; readonly revision: bigint };
  readonly to: { readonly file: string; readonly revision: bigint };
  readonly resources: readonly {
    readonly resource: string;
    readonly before: number;
    readonly after: number;
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
  }[];
  readonly objects: readonly ObjectDiff[];
  /** More differ than are listed. */
  readonly isCutOff: boolean;
}

export interface ObjectDiff {
  readonly key: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  /** Of a change: paths of fields. Values are not shown: they may be secrets. */
  readonly fields: readonly string[];
}
