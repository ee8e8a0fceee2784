import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const hostKeyChanged: Rule = {
  code: "N01_HOST_KEY_CHANGED",
  stage: "path",
  diagnose: (situation) =>
    situation.hosts
      .filter((host) => host.facts.sshErrorCode === "SSH_HOST_KEY_CHANGED")
      .map((host) =>
        findingOf("N01_HOST_KEY_CHANGED", {
          subject: `host ${host.name}`,
          host: host.name,
          severity: "error",
          confidence: "certain",
          summary: `${host.name} presents another SSH host key than the known one; nothing was read from it.`,
          evidence: [evidenceOf(`SSH: ${host.facts.ssh.kind === "unknown" ? host.facts.ssh.detail : "answers"}`, host.facts.ssh)],
          wouldSettle: [`the fingerprint on the console of ${host.name}; with the key accepted, PB7 tells whether its data exists`],
        }),
      ),
};
