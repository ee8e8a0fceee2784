import { defaultPrefixLength } from "../etcd/mvcc/key-groups.ts";

/** Two resources lie below one part: kubernetes pkg/registry/core/rest/storage_core.go. */
const services = "/services/";
const below = ["specs/", "endpoints/"];

/** Where the part of a key ends that names the resource of its object: `/registry/services/specs/` is one, `/registry/services/endpoints/` another. */
export function registryPrefixLength(key: Uint8Array): number {
  const length = defaultPrefixLength(key);
  if (!hasAt(key, length - services.length, services)) return length;
  const part = below.find((one) => hasAt(key, length, one));
  return part === undefined ? length : length + part.length;
}

function hasAt(key: Uint8Array, at: number, text: string): boolean {
  if (at < 0 || at + text.length > key.length) return false;
  for (let index = 0; index < text.length; index += 1) if (key[at + index] !== text.charCodeAt(index)) return false;
  return true;
}
