/** Host part of `scheme://host:port/…` or `host:port`, without brackets; the text itself when it is only a host. */
export function hostOfUrl(url: string): string {
  const withoutScheme = url.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
  const authority = withoutScheme.split("/")[0] ?? "";
  const bracketed = /^\[([^\]]+)\]/.exec(authority)?.[1];
  if (bracketed !== undefined) return bracketed;
  const parts = authority.split(":");
  // More than one colon without brackets is a bare IPv6 address.
  return parts.length === 2 ? (parts[0] ?? "") : authority;
}

/** Is it this machine's own loopback? Then it says nothing about other machines. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
