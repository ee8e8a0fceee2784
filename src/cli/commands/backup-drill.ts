import { verifySet } from "../backup/verify-set.ts";
import type { CommandModule } from "../command-spec.ts";

export const command: CommandModule = {
  run: (invocation) => verifySet(invocation, { level: "V5", isDrill: true }),
};
