/** Forms of addresses. No look-up is made. */

export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

/** RFC 4291 text forms without a zone. */
export function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2 || !text.includes(":")) return false;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1)?.at(-1) ?? "";
  const isMapped = last.includes(".");
  if (isMapped && !isIpv4(last)) return false;
  const words = groups.flat();
  const hex = isMapped ? words.slice(0, -1) : words;
  if (!hex.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return false;
  const count = hex.length + (isMapped ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

/** RFC 1123. What consists of digits and dots only was meant to be an IPv4 address. */
export function isDnsName(text: string): boolean {
  if (text.length > 253 || /^[0-9.]+$/.test(text)) return false;
  return text.split(".").every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label));
}

export function isAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text) || isDnsName(text);
}

/** "host:port", IPv6 in brackets. undefined: it is neither. */
export function splitEndpoint(text: string): { readonly address: string; readonly port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const address = match[1] ?? match[2] ?? "";
  const port = Number(match[3]);
  const isFitting = match[1] === undefined ? isAddress(address) : isIpv6(address);
  return isFitting && port >= 1 && port <= 65535 ? { address, port } : undefined;
}
