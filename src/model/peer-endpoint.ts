/** Where a peer URL leads: the address without brackets. undefined: of a form that etcd's peers do not use between machines. */
export function peerEndpointOf(url: string): { readonly address: string; readonly port: number } | undefined {
  const [, scheme, bracketed, plain, port] = /^(https?):\/\/(?:\[([^\]]+)\]|([^/:\s]+))(?::(\d{1,5}))?(?:\/.*)?$/.exec(url) ?? [];
  const address = bracketed ?? plain;
  return address === undefined ? undefined : { address, port: Number(port ?? (scheme === "https" ? 443 : 80)) };
}
