import { errorDocument } from "../render/error-document.ts";
import { remediesOnChosenCluster, type Choice } from "./chosen-cluster.ts";
import { jsonLine } from "./json-line.ts";

/** The Error document of -o json and yaml. `savedAt`: where the stack of a bug is. */
export function errorLine(error: unknown, savedAt: string, choice: Choice): string {
  const document = errorDocument(error, savedAt);
  return jsonLine({ ...document, error: { ...document.error, remedies: remediesOnChosenCluster(document.error.remedies, choice) } }, 2);
}
