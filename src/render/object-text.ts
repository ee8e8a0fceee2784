import type { FileObject, FileObjects, IncompleteObject } from "../model/file-objects.ts";
import { yamlComment } from "./yaml-comment.ts";

/** One object as a YAML document, with what is to be said about it in comments before it. */
export function objectDocument(one: FileObject, file: string): string {
  const comments = [
    yamlComment(`${one.key} of ${file}, written at revision ${String(one.modRevision)}`),
    ...(one.leftOut.length === 0 ? [] : [yamlComment(`left out: ${one.leftOut.join(", ")}`)]),
    ...(one.unknownFieldCount === 0 ? [] : [yamlComment(`not whole: ${incompleteWords(one)}`)]),
  ];
  return `${comments.join("")}${one.yaml}`;
}

/** A List, in pieces: between `start` and `end` the objects, with `between` between them. */
export const objectList = {
  start: '{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [\n    ',
  item: (one: FileObject): string => one.json.replaceAll("\n", "\n    "),
  between: ",\n    ",
  end: "\n  ]\n}\n",
} as const;

export function incompleteWords({ unknownFields, unknownFieldCount, misplaced }: IncompleteObject): string {
  if (unknownFieldCount === 0) return misplaced ?? "";
  const fields = unknownFieldCount === 1 ? "a field" : `${String(unknownFieldCount)} fields`;
  const more = unknownFieldCount > unknownFields.length ? ", …" : "";
  return `it lacks ${fields} of a newer Kubernetes than requorum knows (${unknownFields.join(", ")}${more})${misplaced === undefined ? "" : `; ${misplaced}`}`;
}

export function leftAsideWords({ leftAside }: Pick<FileObjects, "leftAside">): string {
  const count = leftAside.reduce((sum, one) => sum + one.objects, 0);
  const each = leftAside.map(({ resource, objects }) => `${resource}: ${String(objects)}`).join(", ");
  return `${count === 1 ? "1 object" : `${String(count)} objects`} that the cluster makes again by itself left out (${each}); --all includes them`;
}
