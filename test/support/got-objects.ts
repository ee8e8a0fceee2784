import type { FileContext } from "../../src/app/files/file-context.ts";
import { getObjects, type GetObjectsRequest } from "../../src/app/files/get-objects.ts";
import type { FileObject, FileObjects } from "../../src/model/file-objects.ts";

export interface GotObjects extends FileObjects {
  readonly objects: readonly FileObject[];
}

/** What `getObjects` gives one by one, together. */
export function gotObjects(context: FileContext, request: GetObjectsRequest, options: { readonly heldKeys?: number } = {}): GotObjects {
  const objects: FileObject[] = [];
  const found = getObjects(context, request, (object) => objects.push(object), options);
  return { ...found, objects };
}
