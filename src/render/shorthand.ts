import { gap, heading, plainText, table, type Block, type Page } from "./page.ts";

/** What the short names of looks and rules stand for: evidence and reasons name them, and a person has no list at hand. */
const meanings: { readonly [name: string]: string } = {
  PB1: "does the machine answer: SSH, and the ports of etcd and the API server",
  PB2: "what each etcd member says about itself: its ids, leader, term and revision",
  PB3: "a read from each etcd member, on its own and with a quorum",
  PB4: "the list of members, as each member knows it and as a quorum confirms it",
  PB5: "health, alarms and metrics of each etcd member",
  PB6: "the hash of all keys of each member at one revision",
  PB7: "services, disks and the etcd data dir of a machine",
  PB8: "a check of a copy of a member's database file: requorum snapshot check",
  PB9: "the static Pod manifests of a machine",
  PB10: "clock, certificates and keys of a machine",
  PB11: "health of each API server, asked directly",
  PB12: "what Kubernetes has recorded: Nodes, endpoints, leases",
  PB13: "the address that clients use: who holds it, and the load balancer behind it",
  "I-G1": "nothing is changed after one look: a second one, some seconds later, must agree",
  "I-G2": "silence is no proof of loss: a member is lost when that was seen, or when somebody attests it (--attest-lost)",
  "I-G3": "while more than one cluster may answer, nothing is changed",
  "I-G10": "every control-plane machine can be reached by SSH before anything irreversible is done",
};

/** The short names in a page, in the order of the list above, with what they mean; empty when it has none. */
export function shorthandBlocks(page: Page): Page {
  const said = new Set(page.flatMap(textsOf).flatMap((text) => text.match(/\b(?:PB\d+|I-G\d+)\b/g) ?? []));
  const rows = Object.entries(meanings).filter(([name]) => said.has(name));
  if (rows.length === 0) return [];
  return [gap, heading("short names"), table([{ title: "" }, { title: "", isFlexible: true }], rows)];
}

function textsOf(block: Block): readonly string[] {
  switch (block.kind) {
    case "heading":
    case "line":
    case "item":
      return [plainText(block.text)];
    case "table":
      return block.rows.flatMap((row) => row.map(plainText));
    case "command":
      return [block.why];
    case "gap":
      return [];
    default:
      return block satisfies never;
  }
}
