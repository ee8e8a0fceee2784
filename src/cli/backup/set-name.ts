import { RecoveryError } from "../../model/recovery-error.ts";
import { textArgument, type Invocation } from "../command-spec.ts";

/** What the argument `set` says; `latest` needs a cluster whose newest is meant: undefined or "" where no configuration is. USAGE. */
export function setName(invocation: Invocation, cluster: string | undefined): string {
  const name = textArgument(invocation, "set") ?? "latest";
  if (name !== "latest" || (cluster !== undefined && cluster !== "")) return name;
  throw new RecoveryError("USAGE", {
    subject: "argument set",
    detail:
      "without a configuration nothing says which cluster's newest set is meant: give the set's name, as `requorum backup list` shows it",
  });
}
