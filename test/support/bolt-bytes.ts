import type { BoltSink } from "../../src/formats/bbolt/bolt-sink.ts";
import { writeBolt, type BoltWriteOptions } from "../../src/formats/bbolt/bolt-writer.ts";

const utf8 = new TextEncoder();

/** Keeps what is written to it. */
export class MemoryBoltSink implements BoltSink {
  private readonly chunks: Uint8Array[] = [];
  private patches: { readonly offset: number; readonly bytes: Uint8Array }[] = [];

  write(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice());
  }
  patch(offset: number, bytes: Uint8Array): void {
    this.patches.push({ offset, bytes: bytes.slice() });
  }
  content(): Uint8Array {
    const content = new Uint8Array(this.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let offset = 0;
    for (const chunk of this.chunks) {
      content.set(chunk, offset);
      offset += chunk.length;
    }
    for (const patch of this.patches) content.set(patch.bytes, patch.offset);
    return content;
  }
}

/** A bbolt file with these buckets; names and keys are sorted as text, which is the order of bytes for ASCII. */
export function boltBytes(
  buckets: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>>,
  options: BoltWriteOptions = {},
): Uint8Array {
  const sink = new MemoryBoltSink();
  const byKey = <T>([left]: readonly [string, T], [right]: readonly [string, T]) => (left < right ? -1 : 1);
  writeBolt(
    sink,
    Object.entries(buckets)
      .sort(byKey)
      .map(([name, content]) => ({
        name: utf8.encode(name),
        entries: Object.entries(content)
          .sort(byKey)
          .map(([key, value]) => ({ key: utf8.encode(key), value: typeof value === "string" ? utf8.encode(value) : value })),
      })),
    options,
  );
  return sink.content();
}
