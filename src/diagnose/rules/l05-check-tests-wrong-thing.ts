import type { Inventory } from "../../model/inventory.ts";
import { findingOf, type Rule } from "../rule.ts";
import { keepalivedInstances } from "../situation/balancer.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const checkTestsWrongThing: Rule = {
  code: "L05_CHECK_TESTS_WRONG_THING",
  stage: "path",
  diagnose: (situation) =>
    keepalivedInstances(situation).flatMap(({ host, keepalived }) => {
      const doubts = keepalived.scripts.flatMap((script) => {
        const doubt = doubtAbout(script.script, situation.inventory);
        return doubt === undefined
          ? []
          : [{ what: `${keepalived.path}:${String(script.line)}: ${script.name} ${doubt}`, isMild: isHaproxyProcessCheck(script.script) }];
      });
      if (keepalived.scripts.length === 0)
        doubts.push({ what: `${keepalived.path} has no check: only the death of the machine moves the address`, isMild: false });
      if (doubts.length === 0) return [];
      return [
        findingOf("L05_CHECK_TESTS_WRONG_THING", {
          subject: `keepalived on ${host.name}`,
          host: host.name,
          // Looking for haproxy's process misses only a haproxy that hangs; the others miss more.
          severity: doubts.every(({ isMild }) => isMild) ? "info" : "warning",
          confidence: "medium",
          summary: `keepalived's check on ${host.name} does not tell whether this machine can serve clients.`,
          evidence: doubts.map(({ what }) => evidenceOf(what, host.facts.loadBalancer)),
        }),
      ];
    }),
};

/** Judged by the text of the command or script as it was read; a script file that was not read gives no doubt. */
function doubtAbout(script: string, inventory: Inventory): string | undefined {
  const shared = inventory.config.controlPlaneEndpoint?.replace(/:\d+$/, "");
  const endpointPort = inventory.config.controlPlaneEndpoint?.match(/:(\d+)$/)?.[1];
  const asksLocal = /localhost|127\.0\.0\.1|\[::1\]/.test(script);
  if (shared !== undefined && wholeWord(script, shared) && !asksLocal) return "asks the shared address: it fails everywhere at once";
  if (/\b(pidof|pgrep)\b|killall\s+-0/.test(script) && !asksLocal) return "only looks for a process";
  if (asksLocal && /:6443\b/.test(script) && endpointPort !== "6443")
    return "asks the local API server, although haproxy could use the others";
  return undefined;
}

function isHaproxyProcessCheck(script: string): boolean {
  return /\bhaproxy\b/.test(script) && /\b(pidof|pgrep)\b|killall\s+-0/.test(script);
}

function wholeWord(text: string, word: string): boolean {
  const index = text.indexOf(word);
  if (index < 0) return false;
  const after = text[index + word.length] ?? " ";
  return !/[0-9a-zA-Z.]/.test(after);
}
