import { getObjects, type GetObjectsRequest } from "../../app/files/get-objects.ts";
import type { FileContext } from "../../app/files/file-context.ts";
import type { FileObject, FileObjects } from "../../model/file-objects.ts";
import { leftAsideWords, objectDocument, objectList } from "../../render/object-text.ts";
import { yamlComment } from "../../render/yaml-comment.ts";

export interface PrintObjectsRequest extends GetObjectsRequest {
  readonly form: "yaml" | "json";
}

/** Takes a piece of the result, and comes back when there is room for more. */
export type WriteText = (text: string) => void;

/** So much is written at once: small enough not to count, large enough that threads seldom talk. */
const pieceLetters = 128 * 1024;

/**
 * Objects as text for kubectl, written while they are read. Where reading ends
 * with an error, what was read is written, YAML says in a comment that it is
 * cut off, and the JSON list is left without its end: nobody takes it for whole.
 */
export function printObjects(context: FileContext, request: PrintObjectsRequest, write: WriteText): FileObjects {
  const printer = new ObjectPrinter(request, write);
  try {
    const found = getObjects(context, request, (object) => {
      printer.add(object);
    });
    printer.end(found);
    return found;
  } catch (error) {
    printer.cutOff();
    throw error;
  }
}

class ObjectPrinter {
  private readonly request: PrintObjectsRequest;
  private readonly write: WriteText;
  private parts: string[] = [];
  private letters = 0;
  private isEmpty = true;

  constructor(request: PrintObjectsRequest, write: WriteText) {
    this.request = request;
    this.write = write;
  }

  add(object: FileObject): void {
    const isJson = this.request.form === "json";
    if (this.isEmpty) this.put(isJson ? objectList.start : "");
    else this.put(isJson ? objectList.between : "---\n");
    this.put(isJson ? objectList.item(object) : objectDocument(object, this.request.path));
    this.isEmpty = false;
    if (this.letters >= pieceLetters) this.flush();
  }

  end(found: FileObjects): void {
    if (this.request.form === "json") this.put(objectList.end);
    else if (found.leftAside.length > 0) this.put(yamlComment(leftAsideWords(found)));
    this.flush();
  }

  cutOff(): void {
    if (this.isEmpty) return;
    if (this.request.form === "yaml") this.put(yamlComment("cut off here by an error"));
    this.flush();
  }

  private put(text: string): void {
    this.parts.push(text);
    this.letters += text.length;
  }

  private flush(): void {
    const text = this.parts.join("");
    this.parts = [];
    this.letters = 0;
    if (text !== "") this.write(text);
  }
}
