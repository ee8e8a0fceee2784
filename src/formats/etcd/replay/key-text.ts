/**
 * Keys of a map, because a Uint8Array is not compared by content. One UTF-16
 * unit a byte: exact for all bytes, and the order of texts is the order of bytes.
 */
export type KeyText = string & { readonly keyText: true };

/** String.fromCharCode takes this many arguments on every engine. */
const chunkBytes = 4096;

export function keyTextOf(key: Uint8Array): KeyText {
  if (key.length <= chunkBytes) return String.fromCharCode(...key) as KeyText;
  let text = "";
  for (let at = 0; at < key.length; at += chunkBytes) text += String.fromCharCode(...key.subarray(at, at + chunkBytes));
  return text as KeyText;
}

export function bytesOfKeyText(text: KeyText): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
