import type { BackupS3Config } from "../../model/cluster-config.ts";
import { asHostName } from "../../model/ids.ts";
import type { HostName } from "../../model/ids.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import type { HostAccess } from "../../ports/host-access.ts";
import { DirectoryStore } from "./directory-store.ts";
import { createS3Store } from "./s3-store.ts";
import { createSshStore } from "./ssh-store.ts";
import { parseStorePlace } from "./store-place.ts";

/** The machine of an ssh:// store, as it was typed. */
export interface SshStoreHost {
  readonly name: HostName;
  readonly address: string;
  readonly sshUser?: string;
  readonly sshPort?: number;
}

export interface OpenStoreOptions {
  /** Of s3:// places. */
  readonly s3?: BackupS3Config | undefined;
  /** How the machine of an ssh:// place is reached; the store closes it. */
  readonly accessTo: (host: SshStoreHost) => HostAccess;
}

/**
 * The store at a place: "s3://bucket/prefix", "ssh://user@host/path" or an
 * absolute directory. Nothing is reached yet. BACKUP_STORE_INVALID.
 */
export function openBackupStore(place: string, options: OpenStoreOptions): BackupStore {
  const parsed = parseStorePlace(place);
  switch (parsed.kind) {
    case "directory":
      return new DirectoryStore(parsed.place);
    case "s3":
      return createS3Store(parsed, { s3: options.s3 });
    case "ssh": {
      // An address in brackets has colons, which no name has.
      const name = asHostName(parsed.host.replaceAll(":", "-").replace(/^-+/, "v6-"));
      const access = options.accessTo({
        name,
        address: parsed.host,
        ...(parsed.user === undefined ? {} : { sshUser: parsed.user }),
        ...(parsed.port === undefined ? {} : { sshPort: parsed.port }),
      });
      return createSshStore({ place: parsed.place, host: name, directory: parsed.directory }, access);
    }
  }
}
