import type { FileProblem } from "./yaml-places.ts";

/** What both forms are read into. Order is that of the file. */
export interface RawGroup {
  readonly name: string;
  readonly hosts: { readonly name: string; readonly line: number; readonly variables: ReadonlyMap<string, string> }[];
  readonly children: { readonly name: string; readonly line: number }[];
  readonly variables: Map<string, string>;
}

export interface RawInventory {
  readonly groups: ReadonlyMap<string, RawGroup>;
  readonly problems: readonly FileProblem[];
}
