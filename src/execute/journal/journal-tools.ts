import type { JournalReading } from "../../model/journal-event.ts";

/** What the journal needs from outside: the line parser (schemas/journal-line.ts) and a hash (Hashing port). */
export interface JournalTools {
  readLine(text: string): JournalReading;
  sha256Hex(text: string): string;
}
