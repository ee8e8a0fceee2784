import type { SealedDirectory, SealedSpool } from "../../src/ports/sealed-spool.ts";

/** A spool in memory, in the clear. */
export class MemorySealedSpool implements SealedSpool {
  /** Directories that were not removed. */
  openCount = 0;
  /** Of the disk, which is not needed for what is held in memory. */
  freeOnDisk = 1n << 40n;
  holdsAll = false;

  open(): Promise<SealedDirectory> {
    this.openCount += 1;
    const files = new Map<string, Uint8Array[]>();
    return Promise.resolve({
      path: "/memory/spool",
      holdsInMemory: () => this.holdsAll,
      freeBytes: () => Promise.resolve(this.freeOnDisk),
      create: (name: string) => {
        const chunks: Uint8Array[] = [];
        files.set(name, chunks);
        return Promise.resolve({
          append: (bytes: Uint8Array) => {
            chunks.push(bytes.slice());
            return Promise.resolve();
          },
          close: () => Promise.resolve(),
          discard: () => {
            files.delete(name);
            return Promise.resolve();
          },
        });
      },
      read: async function* (name: string) {
        yield* await Promise.resolve(files.get(name) ?? []);
      },
      reading: () => ({
        key: new Uint8Array(32),
        files: [...files].map(([name, chunks], number) => ({
          name,
          place: "/memory",
          number,
          sizeBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
        })),
      }),
      remove: () => {
        this.openCount -= 1;
        return Promise.resolve();
      },
    });
  }
}
