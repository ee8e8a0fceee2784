import { RecoveryError } from "../../model/recovery-error.ts";

/** A file or directory on another machine, as `ssh://[USER@]HOST[:PORT]/PATH` names it. */
export interface RemoteSource {
  /** As it was typed: its name in results and errors. */
  readonly name: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  /** Absolute, as on that machine; nothing in it is an escape. */
  readonly path: string;
}

const prefix = "ssh://";

export function isRemoteSource(text: string): boolean {
  return text.startsWith(prefix);
}

/** Throws USAGE for what is written as a URL and is not read from: `s3://`, `https://`. A file of such a name is `./s3:/…`. */
export function assertReadable(text: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme === undefined || scheme === "ssh" || scheme === "live") return;
  throw new RecoveryError("USAGE", {
    subject: `source ${text}`,
    detail: `${scheme}:// is not read from; a source is a path of this machine, ssh://HOST/PATH, live or live://HOST: download it first`,
  });
}

/** Throws USAGE. */
export function parseRemoteSource(text: string): RemoteSource {
  const found = /^ssh:\/\/(?:([^@/:]+)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?::(\d{1,5}))?(\/.*)$/s.exec(text);
  const [, user, host = "", port, path = ""] = found ?? [];
  const isWhole = found !== null && path.replace(/\/+$/, "") !== "" && user?.startsWith("-") !== true && Number(port ?? 22) <= 65_535;
  if (!isWhole)
    throw new RecoveryError("USAGE", {
      subject: `source ${text}`,
      detail:
        "it is not ssh://HOST/PATH, with a host of requorum.yaml and a path from the root on, or ssh://USER@HOST/PATH for any other host",
    });
  return { name: text, user, host: host.replace(/^\[|\]$/g, ""), port: port === undefined ? undefined : Number(port), path };
}
