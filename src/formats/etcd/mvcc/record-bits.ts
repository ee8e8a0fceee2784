/** One bit for every record, by its number in the order of revisions; 12.5 MB for 100 million. */
export class RecordBits {
  count = 0;
  private bytes = new Uint8Array(1024);

  set(ordinal: number): void {
    const at = ordinal >>> 3;
    if (at >= this.bytes.length) {
      const after = new Uint8Array(Math.max(this.bytes.length * 2, at + 1));
      after.set(this.bytes);
      this.bytes = after;
    }
    this.bytes[at] = (this.bytes[at] ?? 0) | (1 << (ordinal & 7));
    this.count += 1;
  }

  has(ordinal: number): boolean {
    return ((this.bytes[ordinal >>> 3] ?? 0) & (1 << (ordinal & 7))) !== 0;
  }
}
