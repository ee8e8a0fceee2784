import { damaged } from "../format-error.ts";
import { MalformedMessage, WireReader } from "./wire-reader.ts";

/** Where a message stands, for the error's text. */
export interface MessagePlace {
  readonly file: string;
  /** Of the message's first byte, from the start of the file; undefined when the message is not stored as it is. */
  readonly offset: number | undefined;
}

/** Decodes one message; what is malformed becomes FILE_DAMAGED with the place. `what` names the message. */
export function decodeAt<Value>(place: MessagePlace, what: string, bytes: Uint8Array, read: (reader: WireReader) => Value): Value {
  try {
    return read(new WireReader(bytes));
  } catch (error) {
    if (error instanceof MalformedMessage) throw damaged(place.file, place.offset, `${what} cannot be decoded: ${error.message}`);
    throw error;
  }
}
