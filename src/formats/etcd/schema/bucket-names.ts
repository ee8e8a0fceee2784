/** Names of etcd's buckets and of the keys in `meta`, `cluster` and `auth`. Source: etcd server/storage/schema/bucket.go. */
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

export const bucketNames = {
  key: ascii("key"),
  meta: ascii("meta"),
  lease: ascii("lease"),
  alarm: ascii("alarm"),
  cluster: ascii("cluster"),
  members: ascii("members"),
  membersRemoved: ascii("members_removed"),
  auth: ascii("auth"),
  authUsers: ascii("authUsers"),
  authRoles: ascii("authRoles"),
} as const;

export const metaKeys = {
  consistentIndex: ascii("consistent_index"),
  /** Since 3.5. */
  term: ascii("term"),
  /** Since 3.5. */
  confState: ascii("confState"),
  /** Since 3.6. */
  storageVersion: ascii("storageVersion"),
  scheduledCompact: ascii("scheduledCompactRev"),
  finishedCompact: ascii("finishedCompactRev"),
} as const;

/** Since 3.5. */
export const clusterKeys = { clusterVersion: ascii("clusterVersion"), downgrade: ascii("downgrade") } as const;

export const authKeys = { enabled: ascii("authEnabled"), revision: ascii("authRevision") } as const;
