/** Where an etcd listens, as a socket of Node takes it: the socket of an SSH forward, or TCP. */
export type EtcdAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** grpc-js's name for it: of its resolvers, not a URL. */
export function grpcTargetOf(address: EtcdAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const { host, port } = address;
  if (host.includes(":")) return `ipv6:[${host}]:${String(port)}`;
  return /^[\d.]+$/.test(host) ? `ipv4:${host}:${String(port)}` : `dns:${host}:${String(port)}`;
}
