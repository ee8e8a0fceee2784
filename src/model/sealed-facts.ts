/** What is encrypted at rest in a snapshot, and whether given keys open it. Filled by app/files. No secret is in it. */
export interface SealedFacts {
  /** Live values that are sealed. */
  readonly sealedCount: number;
  /** Of these, tried with the keys: some of each resource and key; and how many opened. */
  readonly triedCount: number;
  readonly openedCount: number;
  /** Sealed by a KMS plugin: no file opens these. */
  readonly kmsCount: number;
  /** Why some did not open, each reason once, with the first key of etcd that it is about. */
  readonly reasons: readonly string[];
  /** Secrets that were read, sealed ones first: for comparison with what an API server gives of them. */
  readonly secrets: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly isSealed: boolean;
    /** Over the names and values of its data, hex. */
    readonly dataSha256: string;
  }[];
  /** Resources that the CustomResourceDefinitions in it define: "example.com/widgets". */
  readonly resources: readonly string[];
}
