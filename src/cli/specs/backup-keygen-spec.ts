import type { CommandSpec } from "../command-spec.ts";

export const keygenSpec: CommandSpec = {
  path: ["backup", "keygen"],
  summary: "make a key pair for backup sets, as age-keygen does",
  description: [
    "The secret half goes into a new file that only you may read, and is never shown; no cluster and no configuration is needed.",
  ],
  options: [{ name: "out", value: "FILE", describes: "where the secret half is written (required); never over another file" }],
  examples: [
    { command: "requorum backup keygen --out escrow.txt", why: "put the public half into requorum.yaml, and the file into a safe" },
  ],
  exits: ["failed", "refused", "interrupted"],
  exitWords: { failed: "the file could not be written", refused: "something is there already" },
  load: async () => (await import("../commands/backup-keygen.ts")).command,
};
