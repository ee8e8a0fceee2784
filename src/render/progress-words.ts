import type { ProgressEvent } from "../model/progress-event.ts";
import { bytesWords, secondsWords } from "./words.ts";

/** A progress event as one line. */
export function progressWords(event: ProgressEvent): string {
  const step = event.kind !== "count" && event.step !== undefined ? `${event.step} ` : "";
  switch (event.kind) {
    case "phase":
      return `${step}${event.host === undefined ? "" : `${event.host}: `}${event.text}`;
    case "bytes":
      return `${step}${event.text}: ${bytesWords(event.done)}${event.total === undefined ? "" : ` of ${bytesWords(event.total)}`}`;
    case "count":
      return `${event.text}: ${String(event.done)} of ${String(event.total)}`;
    case "waiting":
      return `${step}waiting ${event.text.startsWith("for ") ? "" : "for "}${event.text} (${secondsWords(Math.floor(event.elapsedMs / 1000))} of at most ${secondsWords(Math.round(event.limitMs / 1000))})`;
    default:
      return event satisfies never;
  }
}
