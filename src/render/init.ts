import { command, dim, gap, good, heading, item, line, strong, table, warn, type Page } from "./page.ts";

/** What `init` found and wrote. */
export interface InitDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Init";
  readonly file: string;
  readonly cluster: string;
  readonly hosts: readonly { readonly name: string; readonly address: string; readonly roles: readonly string[] }[];
  /** Machines that could not be asked. */
  readonly notReached: readonly { readonly host: string; readonly code: string; readonly detail: string }[];
  readonly notes: readonly string[];
}

export function initPage(document: InitDocument): Page {
  return [
    line([good("WRITTEN"), strong(`  ${document.file}`), dim(`  cluster ${document.cluster}`)]),
    gap,
    table(
      [{ title: "machine" }, { title: "address" }, { title: "roles", isFlexible: true }],
      document.hosts.map((host) => [host.name, host.address, host.roles.join(", ")]),
    ),
    ...(document.notReached.length === 0
      ? []
      : [
          gap,
          heading("not reached: check these lines by hand"),
          ...document.notReached.map((host) => item([warn(host.host), `: ${host.detail} [${host.code}]`])),
        ]),
    ...(document.notes.length === 0 ? [] : [gap, heading("notes"), ...document.notes.map((words) => item(words))]),
    gap,
    command("requorum status", "next: look at the cluster", 0),
  ];
}
