import type { RestoreFileRequest } from "../../src/app/files/restore-file.ts";

/** Of a cluster of one member `m1`, with nothing changed that the file says. */
export function restoreRequest(path: string, dataDir: string, differing: Partial<RestoreFileRequest> = {}): RestoreFileRequest {
  return {
    path,
    dataDir,
    name: "m1",
    members: [{ name: "m1", peerUrls: ["http://m1:2380"] }],
    clusterToken: undefined,
    revisionBump: undefined,
    targetMinor: undefined,
    clearsAlarms: false,
    committedOnly: false,
    ...differing,
  };
}
