import type { LoadBalancerFacts } from "../model/inventory.ts";
import { malformed, textOfBase64 } from "./parse-host-answer.ts";
import { parseHaproxy } from "./parse-haproxy.ts";
import { parseKeepalived } from "./parse-keepalived.ts";

/** kubeadm's default bind port; other ports come with another platform's probe. */
const apiServerPort = 6443;

/**
 * Pure. Text of the section loadbalancer: lines "haproxy SHA256 - TEXT",
 * "servers TEXT" (of `show stat`) and "keepalived SHA256 - TEXT" (sha256sum prints the dash), texts in
 * base64. `holdsVip` is the caller's knowledge. Throws REMOTE_ANSWER_MALFORMED.
 */
export function parseLoadBalancer(text: string, holdsVip: boolean): LoadBalancerFacts {
  let facts: LoadBalancerFacts = { holdsVip };
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(/ +/));
  const showStat = lines.find((words) => words[0] === "servers")?.[1] ?? "";
  for (const [what = "", sha256 = "", , content = ""] of lines) {
    switch (what) {
      case "haproxy":
        facts = {
          ...facts,
          haproxy: parseHaproxy(textOfBase64(content, "haproxy.cfg"), {
            path: "/etc/haproxy/haproxy.cfg",
            sha256,
            apiServerPort,
            showStat: textOfBase64(showStat, "show stat"),
          }),
        };
        break;
      case "keepalived":
        facts = { ...facts, keepalived: parseKeepalived(textOfBase64(content, "keepalived.conf"), "/etc/keepalived/keepalived.conf") };
        break;
      case "servers":
        break;
      default:
        throw malformed("balancer files", `${JSON.stringify(what.slice(0, 40))} is not an entry`);
    }
  }
  return facts;
}
