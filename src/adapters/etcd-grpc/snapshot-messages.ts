/** What came is no stream of snapshot messages. */
export class SnapshotMessageError extends Error {}

/** Of the Length-Prefixed-Message of gRPC over HTTP/2: whether it is compressed, and its length. */
const prefixBytes = 5;
/** etcd sends 32 KiB and what it says of them in a message. */
const messageBytesMax = 64 * 1024 * 1024;
/** Field 3 of SnapshotResponse, in etcd's rpc.proto. */
const blobField = 3;
const wireTypes = { varint: 0, eightBytes: 1, lengthDelimited: 2, fourBytes: 5 } as const;

/**
 * Takes the blobs out of a stream of gRPC messages as its bytes come, in
 * pieces of any size: a blob is handed on where it lies, and nothing is joined.
 * That is what it is for: new room for each message is what most of a
 * snapshot's processor time went into (docs/performance.md).
 */
export class SnapshotMessages {
  readonly #onBlob: (bytes: Uint8Array) => void;
  #state: "prefix" | "tag" | "number" | "length" | "blob" | "other" = "prefix";
  /** Of the prefix. */
  #seenBytes = 0;
  #messageLeft = 0;
  #fieldLeft = 0;
  #field = 0;
  #varint = 0;
  #varintBytes = 0;

  /** What `onBlob` is given is valid until it returns. */
  constructor(onBlob: (bytes: Uint8Array) => void) {
    this.#onBlob = onBlob;
  }

  /** SnapshotMessageError. */
  read(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      if (this.#state === "blob" || this.#state === "other") {
        const taken = piece.subarray(at, at + this.#fieldLeft);
        if (this.#state === "blob") this.#onBlob(taken);
        at += taken.length;
        this.#advance(taken.length);
        this.#fieldLeft -= taken.length;
        if (this.#fieldLeft === 0) this.#beginField();
        continue;
      }
      const byte = piece[at] ?? 0;
      at += 1;
      if (this.#state === "prefix") this.#readPrefix(byte);
      else this.#readVarint(byte);
    }
  }

  /** SnapshotMessageError: the last message is cut. */
  assertComplete(): void {
    if (this.#state !== "prefix" || this.#seenBytes > 0) throw new SnapshotMessageError("the last message is cut");
  }

  #readPrefix(byte: number): void {
    this.#seenBytes += 1;
    if (this.#seenBytes === 1) {
      if (byte !== 0) throw new SnapshotMessageError("a message is compressed, which was not asked for");
      return;
    }
    this.#messageLeft = this.#messageLeft * 256 + byte;
    if (this.#seenBytes < prefixBytes) return;
    if (this.#messageLeft > messageBytesMax)
      throw new SnapshotMessageError(`a message has ${String(this.#messageLeft)} bytes, more than ${String(messageBytesMax)}`);
    this.#seenBytes = 0;
    this.#beginField();
  }

  /** Tags, lengths and numbers. Of a number only its end matters: its value is not wanted. */
  #readVarint(byte: number): void {
    this.#advance(1);
    if (this.#varintBytes >= 10) throw new SnapshotMessageError("a number has more than ten bytes");
    if (this.#varintBytes < 7) this.#varint += (byte & 0x7f) * 2 ** (7 * this.#varintBytes);
    this.#varintBytes += 1;
    if (byte >= 0x80) return;
    const value = this.#varint;
    this.#varint = 0;
    this.#varintBytes = 0;
    if (this.#state === "number") this.#beginField();
    else if (this.#state === "tag") this.#readTag(value);
    else this.#beginBytes(value, this.#field === blobField ? "blob" : "other");
  }

  #readTag(tag: number): void {
    this.#field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === wireTypes.varint) this.#state = "number";
    else if (wireType === wireTypes.lengthDelimited) this.#state = "length";
    else if (wireType === wireTypes.eightBytes) this.#beginBytes(8, "other");
    else if (wireType === wireTypes.fourBytes) this.#beginBytes(4, "other");
    else throw new SnapshotMessageError(`field ${String(this.#field)} has wire type ${String(wireType)}`);
  }

  #beginBytes(length: number, state: "blob" | "other"): void {
    if (length > this.#messageLeft)
      throw new SnapshotMessageError(
        `field ${String(this.#field)} has ${String(length)} bytes, its message ${String(this.#messageLeft)} more`,
      );
    this.#state = state;
    this.#fieldLeft = length;
    if (length === 0) this.#beginField();
  }

  #advance(bytes: number): void {
    if (bytes > this.#messageLeft) throw new SnapshotMessageError(`field ${String(this.#field)} is longer than its message`);
    this.#messageLeft -= bytes;
  }

  #beginField(): void {
    this.#state = this.#messageLeft === 0 ? "prefix" : "tag";
  }
}
