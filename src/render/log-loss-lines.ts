import type { FileLogLoss } from "../model/file-inspection.ts";
import { missingWords } from "../model/log-loss-words.ts";
import { bad, item, line, type Page } from "./page.ts";

/** Of a data dir whose log does not reach as far as it should, or whose database was given alone; nothing of any other source. */
export function logLossLines(file: string, loss: FileLogLoss | undefined): Page {
  if (loss === undefined) return [];
  return [
    line(bad(`The log of ${file} is not all in what was read: ${missingWords(loss)}`)),
    ...loss.problems.map((problem) => item(bad(problem))),
  ];
}
