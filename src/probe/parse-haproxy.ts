import type { LoadBalancerFacts } from "../model/inventory.ts";

type HaproxyFacts = NonNullable<LoadBalancerFacts["haproxy"]>;

/** Directives of an API backend that decide what its check really asks (L05, L06); everything else is left out. */
const tellingDirectives =
  /^(option\s+(ssl-hello-chk|httpchk|tcp-check|external-check|log-health-checks)|no\s+option\s+\S+|http-check|tcp-check|default-server|timeout\s+check|server)\b/;

interface Section {
  readonly kind: string;
  readonly name: string;
  readonly lines: { readonly text: string; readonly line: number }[];
}

/**
 * Pure. The parts of a haproxy.cfg that lead to API servers: `server` lines of
 * backends and listeners that are in TCP mode or point to `apiServerPort`.
 * `state` comes from `showStat` (the text of `show stat`), else it is unknown.
 * Never throws: a configuration that haproxy would refuse just gives fewer facts.
 * Form: haproxy configuration manual, "Proxies" and "server".
 */
export function parseHaproxy(
  text: string,
  options: { readonly path: string; readonly sha256: string; readonly apiServerPort: number; readonly showStat?: string },
): HaproxyFacts {
  const sections = splitSections(text);
  const defaults = sections.filter((section) => section.kind === "defaults").flatMap((section) => section.lines);
  const states = parseShowStat(options.showStat ?? "");
  const apiSections = sections.filter(
    (section) =>
      (section.kind === "backend" || section.kind === "listen") &&
      serversOf(section).some((server) => server.port === options.apiServerPort),
  );
  const backends = apiSections.flatMap((section) =>
    serversOf(section).map((server) => ({ ...server, state: states.get(`${section.name}/${server.name}`) ?? ("unknown" as const) })),
  );
  const telling = apiSections.flatMap((section) => section.lines).filter((entry) => tellingDirectives.test(entry.text));
  return {
    path: options.path,
    sha256: options.sha256,
    backends,
    options: telling.sort((one, other) => one.line - other.line),
    checksReadyz: apiSections.length > 0 && apiSections.every((section) => asksReadyz([...defaults, ...section.lines], section)),
  };
}

function splitSections(text: string): readonly Section[] {
  const sections: Section[] = [];
  text.split("\n").forEach((raw, index) => {
    const line = stripComment(raw).trim().replaceAll(/\s+/g, " ");
    if (line === "") return;
    const head = /^(global|defaults|frontend|backend|listen|peers|resolvers|userlist|cache|program|mailers|ring)(?: (\S+))?/.exec(line);
    if (head !== null && !/^\s/.test(raw)) sections.push({ kind: head[1] ?? "", name: head[2] ?? "", lines: [] });
    else sections.at(-1)?.lines.push({ text: line, line: index + 1 });
  });
  return sections;
}

/** A "#" starts a comment unless it is escaped. */
function stripComment(line: string): string {
  return line.replace(/(^|[^\\])#[^]*$/, "$1");
}

function serversOf(
  section: Section,
): readonly { readonly name: string; readonly address: string; readonly port: number; readonly line: number }[] {
  return section.lines.flatMap((entry) => {
    const match = /^server (\S+) (?:ipv4@|ipv6@)?\[?([^\s\]]+?)\]?:(\d{1,5})(?: |$)/.exec(entry.text);
    return match === null ? [] : [{ name: match[1] ?? "", address: match[2] ?? "", port: Number(match[3]), line: entry.line }];
  });
}

/**
 * Is each server checked by an HTTPS request for /readyz? `ssl-hello-chk`
 * (and the other protocol checks) replace httpchk whichever comes later, so
 * the last `option …chk` wins.
 */
function asksReadyz(lines: readonly { readonly text: string }[], section: Section): boolean {
  const checks = lines.filter((entry) =>
    /^option (httpchk|ssl-hello-chk|tcp-check|external-check|mysql-check|pgsql-check|redis-check|smtpchk|ldap-check)\b/.test(entry.text),
  );
  if (!(checks.at(-1)?.text.startsWith("option httpchk") ?? false)) return false;
  const sends = lines.some((entry) => /^option httpchk\b.*\/readyz/.test(entry.text) || /^http-check send\b.*\/readyz/.test(entry.text));
  const defaultServer = lines
    .filter((entry) => entry.text.startsWith("default-server "))
    .map((entry) => entry.text)
    .join(" ");
  const servers = section.lines.filter((entry) => entry.text.startsWith("server "));
  return (
    sends &&
    servers.every((server) => {
      const words = `${defaultServer} ${server.text}`.split(" ");
      return words.includes("check") && (words.includes("check-ssl") || words.includes("ssl"));
    })
  );
}

/** The CSV of haproxy's `show stat`: header "# pxname,svname,…,status,…". "UP 1/3" is still up, "no check" says nothing. */
function parseShowStat(text: string): ReadonlyMap<string, "up" | "down"> {
  const states = new Map<string, "up" | "down">();
  const [header, ...rows] = text.split("\n");
  const columns = (header ?? "").replace(/^# /, "").split(",");
  const [proxy, server, status] = [columns.indexOf("pxname"), columns.indexOf("svname"), columns.indexOf("status")];
  if (proxy < 0 || server < 0 || status < 0) return states;
  for (const row of rows) {
    const cells = row.split(",");
    const word = cells[status]?.split(" ")[0];
    if (word === "UP" || word === "DOWN") states.set(`${cells[proxy] ?? ""}/${cells[server] ?? ""}`, word === "UP" ? "up" : "down");
  }
  return states;
}
