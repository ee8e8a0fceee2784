/**
 * The server lines of a haproxy.cfg that lead to API servers, and the file
 * with other ones in their place. Pure; everything else in the file stays as
 * it is, byte for byte. Form: haproxy configuration manual, "Proxies" and "server".
 */
export interface Backend {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

interface ServerLine extends Backend {
  /** Index into the file's lines. */
  readonly index: number;
  readonly text: string;
}

/** Servers of every `backend` or `listen` section that leads to `apiServerPort`. */
export function readApiBackends(text: string, apiServerPort: number): readonly Backend[] {
  return apiSections(text, apiServerPort).flatMap((servers) => servers.map(({ name, address, port }) => ({ name, address, port })));
}

/**
 * The file with the API backend's servers replaced. A server that stays keeps
 * its line; a new one is written like the last line of the section, with its
 * own name and address. undefined: there is not exactly one such section, so
 * it is not clear what to edit.
 */
export function withApiBackends(text: string, backends: readonly Backend[], apiServerPort: number): string | undefined {
  const [servers, ...others] = apiSections(text, apiServerPort);
  const pattern = servers?.at(-1);
  if (servers === undefined || pattern === undefined || others.length > 0) return undefined;
  const lines = text.split("\n");
  const written = backends.map((backend) => {
    const same = servers.find((server) => server.address === backend.address && server.port === backend.port);
    return same?.text ?? lineLike(pattern, backend);
  });
  const first = servers[0]?.index ?? pattern.index;
  const dropped = new Set(servers.map((server) => server.index));
  return lines.flatMap((line, index) => [...(index === first ? written : []), ...(dropped.has(index) ? [] : [line])]).join("\n");
}

function lineLike(pattern: ServerLine, backend: Backend): string {
  const address = backend.address.includes(":") ? `[${backend.address}]` : backend.address;
  return pattern.text.replace(
    /^(\s*server\s+)\S+(\s+)\S+/,
    (_all, head: string, gap: string) => `${head}${backend.name}${gap}${address}:${backend.port}`,
  );
}

function apiSections(text: string, apiServerPort: number): readonly (readonly ServerLine[])[] {
  const sections: { readonly kind: string; readonly servers: ServerLine[] }[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const head = /^(global|defaults|frontend|backend|listen|peers|resolvers|userlist|cache|program|mailers|ring)\b/.exec(line);
    if (head !== null) sections.push({ kind: head[1] ?? "", servers: [] });
    const server = /^\s*server\s+(\S+)\s+(?:ipv4@|ipv6@)?\[?([^\s\]]+?)\]?:(\d{1,5})(?:\s|$)/.exec(line);
    if (server !== null)
      sections.at(-1)?.servers.push({ index, text: line, name: server[1] ?? "", address: server[2] ?? "", port: Number(server[3]) });
  }
  return sections
    .filter(
      (section) =>
        (section.kind === "backend" || section.kind === "listen") && section.servers.some((server) => server.port === apiServerPort),
    )
    .map((section) => section.servers);
}
