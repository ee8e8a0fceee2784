import { RecoveryError } from "../../model/recovery-error.ts";
import { textArgument, type Invocation } from "../command-spec.ts";

/** What the argument `set` says; `latest` needs a cluster whose newest is meant: "" where no configuration is. USAGE. */
export function setName(invocation: Invocation, cluster: string): string {
  return nameOrLatest(textArgument(invocation, "set"), cluster);
}

/** The same of a name that another argument gave. USAGE. */
export function nameOrLatest(name: string | undefined, cluster: string): string {
  const wanted = name ?? "latest";
  if (wanted !== "latest" || cluster !== "") return wanted;
  throw new RecoveryError("USAGE", {
    subject: "argument set",
    detail: "without a configuration nothing says which cluster's newest set is meant: give the set's name",
    remedies: [{ why: "see the names", command: "requorum backup list" }],
  });
}
