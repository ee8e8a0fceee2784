import { dim, gap, line, strong, warn, type Page } from "./page.ts";

export interface BackupKeyDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupKey";
  /** The public half, "age1…". */
  readonly recipient: string;
  /** Where the secret half lies. */
  readonly file: string;
}

export function backupKeyPage({ recipient, file }: BackupKeyDocument): Page {
  return [
    line(["public half  ", strong(recipient)]),
    line(["secret half  ", strong(file)]),
    gap,
    line(dim("In requorum.yaml: `recipients` of the section `backup` names the public half.")),
    line(
      warn(
        "Who loses the secret half cannot open a set; who has it reads every secret of the cluster. Keep it away from these machines, twice.",
      ),
    ),
  ];
}
