/** Where the part of a key that names its group ends, counted from the start of the key. */
export type PrefixLength = (key: Uint8Array) => number;

/** Kubernetes with many custom resources has some hundreds; a file with more groups has its keys in no folders. */
export const maxGroups = 4_096;
const slash = 0x2f;
const dot = 0x2e;

/**
 * `/registry/pods/` of `/registry/pods/default/a`, and one part more where the
 * second is an API group (`/registry/apps.example/things/`). Keys without a
 * slash have no prefix.
 */
export function defaultPrefixLength(key: Uint8Array): number {
  let slashes = key[0] === slash ? 0 : 1;
  let isGroup = false;
  let last = 0;
  for (let at = 0; at < key.length; at += 1) {
    const byte = key[at];
    if (byte === dot && slashes === 2) isGroup = true;
    if (byte !== slash) continue;
    slashes += 1;
    last = at + 1;
    if (slashes === 4 || (slashes === 3 && !isGroup)) return last;
  }
  return last;
}

/** Numbers for prefixes of keys, without making a string for each key. */
export class KeyGroups {
  /** Group 0 is that of the keys beyond `maxGroups`. */
  readonly prefixes: Uint8Array[] = [new Uint8Array(0)];
  private readonly prefixLength: PrefixLength;
  private readonly byHash = new Map<number, number[]>();
  /** Keys come in runs of one group. */
  private latest = 0;

  constructor(prefixLength: PrefixLength = defaultPrefixLength) {
    this.prefixLength = prefixLength;
  }

  groupOf(key: Uint8Array): number {
    const length = this.prefixLength(key);
    if (this.latest !== 0 && startsWith(key, length, this.prefixes[this.latest])) return this.latest;
    let hash = 0x811c9dc5;
    for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ (key[at] ?? 0), 0x01000193);
    const candidates = this.byHash.get(hash) ?? [];
    for (const group of candidates)
      if (startsWith(key, length, this.prefixes[group])) {
        this.latest = group;
        return group;
      }
    if (this.prefixes.length > maxGroups) return 0;
    candidates.push(this.prefixes.length);
    this.byHash.set(hash, candidates);
    this.latest = this.prefixes.push(new Uint8Array(key.subarray(0, length))) - 1;
    return this.latest;
  }
}

function startsWith(key: Uint8Array, length: number, prefix: Uint8Array | undefined): boolean {
  if (prefix?.length !== length) return false;
  for (let at = length - 1; at >= 0; at -= 1) if (key[at] !== prefix[at]) return false;
  return true;
}
