import type { FileChecksum } from "../model/file-inspection.ts";
import { bad, line, warn, type Page } from "./page.ts";

/** Of a file whose content nothing vouches for; nothing of any other. */
export function checksumLines(file: string, sha256: FileChecksum | undefined): Page {
  if (sha256 === undefined || sha256.valid === true) return [];
  return [
    line(
      sha256.present
        ? bad(
            `${file} does not have the sha256 of its content at its end: it was changed or cut after etcd wrote it, and values may be wrong`,
          )
        : warn(`${file} is without checksum, so that it cannot be told from a changed one`),
    ),
  ];
}
