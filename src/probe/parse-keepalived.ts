import type { LoadBalancerFacts } from "../model/inventory.ts";

type KeepalivedFacts = NonNullable<LoadBalancerFacts["keepalived"]>;

interface Statement {
  readonly words: readonly string[];
  readonly line: number;
  readonly block: readonly Statement[] | undefined;
}

/** Nesting in real files is 3; a deeper one is read flat rather than recursed into without end. */
const depthMax = 8;

/**
 * Pure. The facts of a keepalived.conf that decide where the address goes.
 * With several vrrp_instances those of the first are given and `instanceCount`
 * says how many there are. Never throws. Defaults are keepalived's
 * (keepalived.conf(5), "VRRP Instance" and "VRRP SCRIPTS"): state BACKUP,
 * priority 100, interval 1, fall 1, rise 1; a script without a weight has
 * `undefined`: its failure puts the instance into FAULT.
 */
export function parseKeepalived(text: string, path: string): KeepalivedFacts {
  const statements = parseStatements(text);
  const instances = statements.filter((statement) => statement.words[0] === "vrrp_instance");
  const instance = instances[0]?.block ?? [];
  return {
    path,
    virtualRouterId: wholeNumber(argumentOf(instance, "virtual_router_id")),
    priority: wholeNumber(argumentOf(instance, "priority")) ?? (instances.length > 0 ? 100 : undefined),
    state: argumentOf(instance, "state")?.toUpperCase() ?? (instances.length > 0 ? "BACKUP" : ""),
    nopreempt: instance.some((statement) => statement.words[0] === "nopreempt"),
    virtualAddresses: entriesOf(instance, "virtual_ipaddress").map((address) => address.split("/")[0] ?? address),
    unicastPeers: entriesOf(instance, "unicast_peer"),
    instanceCount: instances.length,
    scripts: statements
      .filter((statement) => statement.words[0] === "vrrp_script")
      .map((statement) => {
        const block = statement.block ?? [];
        return {
          name: statement.words[1] ?? "",
          script: argumentOf(block, "script") ?? "",
          line: statement.line,
          interval: wholeNumber(argumentOf(block, "interval")) ?? 1,
          weight: wholeNumber(argumentOf(block, "weight")),
          fall: wholeNumber(argumentOf(block, "fall")) ?? 1,
          rise: wholeNumber(argumentOf(block, "rise")) ?? 1,
        };
      }),
  };
}

function argumentOf(block: readonly Statement[], keyword: string): string | undefined {
  const statement = block.findLast((candidate) => candidate.words[0] === keyword);
  return statement === undefined ? undefined : statement.words.slice(1).join(" ");
}

function entriesOf(block: readonly Statement[], keyword: string): readonly string[] {
  return block
    .filter((statement) => statement.words[0] === keyword)
    .flatMap((statement) => statement.block ?? [])
    .flatMap((entry) => entry.words[0] ?? []);
}

function wholeNumber(text: string | undefined): number | undefined {
  const word = text?.split(" ")[0] ?? "";
  return /^[+-]?[0-9]{1,9}$/.test(word) ? Number(word) : undefined;
}

/** "!" and "#" start comments; a statement ends with its line, a block stands in braces, which may be on the same or the next line. */
function parseStatements(text: string): readonly Statement[] {
  const tokens: { readonly word: string; readonly line: number; readonly quoted: boolean }[] = [];
  text.split("\n").forEach((raw, index) => {
    for (const match of raw.matchAll(/"([^"]*)"|[!#].*$|([{}])|([^\s"{}]+)/g)) {
      if (match[0].startsWith("!") || match[0].startsWith("#")) break;
      tokens.push({ word: match[1] ?? match[0], line: index + 1, quoted: match[1] !== undefined });
    }
  });
  let at = 0;
  const readBlock = (depth: number): readonly Statement[] => {
    const statements: { words: string[]; line: number; block: readonly Statement[] | undefined }[] = [];
    while (at < tokens.length) {
      const token = tokens[at];
      at += 1;
      if (token === undefined) break;
      const last = statements.at(-1);
      if (!token.quoted && token.word === "}") return statements;
      if (!token.quoted && token.word === "{") {
        const block = depth < depthMax ? readBlock(depth + 1) : [];
        if (last !== undefined) last.block = block;
      } else if (last !== undefined && last.line === token.line && last.block === undefined) last.words.push(token.word);
      else statements.push({ words: [token.word], line: token.line, block: undefined });
    }
    return statements;
  };
  return readBlock(0);
}
