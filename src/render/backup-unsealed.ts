import type { BackupManifest, BackupPart } from "../model/backup-set.ts";
import { markBlocks } from "./backup-pages.ts";
import { gap, item, line, strong, warn, type Page } from "./page.ts";
import { bytesWords, count } from "./words.ts";

export interface BackupUnsealedDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupUnsealed";
  readonly store: string;
  readonly set: string;
  readonly cluster: string;
  readonly marks: BackupManifest["marks"];
  readonly directory: string;
  readonly cleared: readonly string[];
  readonly leftovers: readonly string[];
  readonly notes: readonly string[];
  readonly files: readonly {
    /** Below the directory. */
    readonly path: string;
    readonly kind: string;
    readonly host: string | undefined;
    readonly sizeBytes: bigint;
    readonly sha256: string;
  }[];
}

export function unsealedDocument(
  unsealed: {
    readonly manifest: BackupManifest;
    readonly directory: string;
    readonly cleared: readonly string[];
    readonly leftovers: readonly string[];
    readonly notes: readonly string[];
    readonly parts: readonly { readonly part: BackupPart; readonly path: string }[];
  },
  store: string,
): BackupUnsealedDocument {
  return {
    apiVersion: "requorum/v1",
    kind: "BackupUnsealed",
    store,
    set: unsealed.manifest.id,
    cluster: unsealed.manifest.cluster.name,
    marks: unsealed.manifest.marks,
    directory: unsealed.directory,
    cleared: unsealed.cleared,
    leftovers: unsealed.leftovers,
    notes: unsealed.notes,
    files: unsealed.parts.map(({ part, path }) => ({
      path,
      kind: part.kind,
      host: part.host,
      sizeBytes: BigInt(part.sizeBytes),
      sha256: part.sha256,
    })),
  };
}

export function unsealedPage(document: BackupUnsealedDocument): Page {
  const folders = new Map<string, { files: number; sizeBytes: bigint }>();
  for (const { path, sizeBytes } of document.files) {
    const name = path.slice(0, path.indexOf("/"));
    const folder = folders.get(name) ?? { files: 0, sizeBytes: 0n };
    folders.set(name, { files: folder.files + 1, sizeBytes: folder.sizeBytes + sizeBytes });
  }
  return [
    line(["set ", strong(document.set), ` of cluster ${document.cluster} is in `, strong(document.directory)]),
    ...markBlocks(document.marks),
    ...[...folders].map(([name, { files, sizeBytes }]) => item(`${name}/: ${count(files, "file")}, ${bytesWords(sizeBytes)}`)),
    item("requorum-set.json: what they were on their machines, with owners, checksums and the targets of links"),
    ...document.notes.map((note) => item(warn(note))),
    gap,
    ...document.cleared.map((path) => item(`${path}, which a run that was killed had left in clear, was removed`)),
    ...document.leftovers.map((path) => item(warn(`${path} is another run's, with secrets in clear; if none is under way, remove it`))),
    line(warn("These are private keys and secrets in clear. Remove the directory when it is no longer needed.")),
  ];
}
