import { proofLevels, type ProofLevel } from "../../model/backup-set.ts";
import { verifySet } from "../backup/verify-set.ts";
import { textOption, type CommandModule } from "../command-spec.ts";

const defaultLevel: ProofLevel = "V3";

export const command: CommandModule = {
  run(invocation) {
    const wanted = textOption(invocation, "level");
    // The choices of the option are the levels.
    return verifySet(invocation, { level: proofLevels.find((level) => level === wanted) ?? defaultLevel, isDrill: false });
  },
};
