/** Where a new bbolt file goes. The bytes are valid during the call only. What these throw ends the writing. */
export interface BoltSink {
  /** Appends. */
  write(bytes: Uint8Array): void;
  /** Replaces bytes that were appended before. Called once, at the end: until then the file is no bbolt file. */
  patch(offset: number, bytes: Uint8Array): void;
}
