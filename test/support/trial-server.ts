import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BackupS3Config } from "../../src/model/cluster-config.ts";
import { startS3Server } from "./s3-server.ts";
import { startSshServer } from "./ssh-server.ts";

export type TrialStore = "directory" | "s3" | "ssh";
export const trialStores: readonly TrialStore[] = ["directory", "s3", "ssh"];

export interface TrialPlace {
  readonly place: string;
  readonly s3?: BackupS3Config;
  readonly sshConfigFile?: string;
}

export interface TrialServer {
  readonly placeOf: (round: string) => TrialPlace;
  /** All that the server keeps. */
  readonly directories: readonly string[];
  readonly closeServer: () => Promise<void>;
}

/** Places of one kind, one for each round. */
export async function trialServer(kind: TrialStore, directory: string): Promise<TrialServer> {
  switch (kind) {
    case "directory":
      await mkdir(join(directory, "stores"));
      return {
        placeOf: (round) => ({ place: join(directory, "stores", round) }),
        directories: [directory],
        closeServer: () => Promise.resolve(),
      };
    case "s3": {
      const server = await startS3Server();
      await server.makeBucket("trials");
      const s3 = { endpoint: server.endpoint, pathStyle: true, caFile: server.caFile, objectLockDays: 0 };
      return {
        placeOf: (round) => ({ place: `s3://trials/${round}`, s3 }),
        directories: [server.directory],
        closeServer: () => server.remove(),
      };
    }
    case "ssh": {
      const server = await startSshServer();
      const place = (round: string) => ({ place: `ssh://good${server.directory}/${round}`, sshConfigFile: server.configFile });
      return { placeOf: place, directories: [server.directory], closeServer: () => server.remove() };
    }
  }
}
