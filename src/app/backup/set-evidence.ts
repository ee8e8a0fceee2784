import type { OpenSet } from "../../catalogue/set-reader.ts";
import { placeOf, type SetEvidence, type TextPart } from "../../catalogue/verify/set-content.ts";
import type { SealKey } from "../../formats/kubernetes/sealed-value.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SealedFacts } from "../../model/sealed-facts.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import { readEncryptionConfiguration } from "../../schemas/encryption-configuration.ts";
import { readLastSeen } from "../../schemas/last-seen.ts";
import type { VerifyContext } from "./verify-context.ts";

/** The set's own keys of encryption at rest, of all its machines. Secrets: held while they are used. */
export interface ReadEncryption {
  readonly facts: SetEvidence["encryption"];
  readonly keys: readonly SealKey[];
  /** The first that reads, as it is. */
  readonly text: string | undefined;
}

export function readEncryption(
  { ports }: { readonly ports: Pick<VerifyContext["ports"], "hashing"> },
  texts: readonly TextPart[],
): ReadEncryption {
  const keys = new Map<string, SealKey>();
  let first: string | undefined;
  const facts = texts
    .filter(({ part }) => part.kind === "encryption-config")
    .map(({ part: { host, path }, text }): SetEvidence["encryption"][number] => {
      try {
        const found = readEncryptionConfiguration(text, path);
        first ??= text;
        const ofFile = found.keys.map((key) => ({ key, secretId: ports.hashing.sha256Hex(key.secret) }));
        for (const { key, secretId } of ofFile) keys.set(`${key.provider} ${key.name} ${secretId}`, key);
        return {
          host,
          path,
          keys: ofFile.map(({ key: { provider, name }, secretId }) => ({ provider, name, secretId })),
          kmsNames: found.kmsNames,
          problem: undefined,
        };
      } catch (error) {
        if (!(error instanceof RecoveryError) || error.code !== "ENCRYPTION_CONFIG_INVALID") throw error;
        return { host, path, keys: [], kmsNames: [], problem: error.detail };
      }
    });
  return { facts, keys: [...keys.values()], text: first };
}

export function setEvidence(
  context: VerifyContext,
  set: OpenSet,
  found: {
    readonly texts: readonly TextPart[];
    readonly encryption: ReadEncryption;
    readonly sealed: SealedFacts;
    readonly description: SnapshotDescription;
  },
): SetEvidence {
  const { manifest } = set;
  const lastSeen: SetEvidence["lastSeen"][number][] = [];
  const unread: string[] = [];
  for (const { part, text } of found.texts) {
    if (part.kind !== "last-seen" || !/(^|\/)last-seen\.json$/.test(part.path)) continue;
    try {
      lastSeen.push({ from: `the set's ${placeOf(part)}`, facts: readLastSeen(text), isByItsClock: true });
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      unread.push(placeOf(part));
    }
  }
  // A set is of the time when it was begun: what was seen later may well be newer.
  const own = context.lastSeen;
  if (own !== undefined && own.takenAt <= manifest.createdAt)
    lastSeen.push({ from: "this machine", facts: own, isByItsClock: machineOf(context.by) === machineOf(manifest.createdBy) });
  return {
    manifest,
    texts: found.texts,
    parts: set.parts,
    encryption: found.encryption.facts,
    sealed: found.sealed,
    snapshotMembers: found.description.members,
    lastSeen,
    unreadLastSeen: unread,
    ownLookProblem: context.lastSeenProblem,
    wantedRecipients: context.wantedRecipients,
    externalAuthorities: context.externalAuthorities,
    nowMs: context.ports.clock.nowMs(),
    certificates: context.ports.certificates,
    keys: context.ports.keyMatcher,
  };
}

/** "anna@operator": the machine. */
function machineOf(by: string): string {
  return by.slice(by.lastIndexOf("@") + 1);
}
