import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import type * as s3Sdk from "@aws-sdk/client-s3";
import type { BackupS3Config } from "../../model/cluster-config.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { toRecoveryError, type S3Call } from "./s3-failure.ts";

export interface S3Place {
  /** "s3://bucket/prefix", as the operator names it. */
  readonly place: string;
  readonly bucket: string;
  /** Without slashes at its ends; "" when objects lie at the bucket's top. */
  readonly prefix: string;
}

export interface S3Limits {
  /** Until TCP and TLS stand. */
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly silenceMs: number;
  /** Of one request with its answer; of each of its repetitions. */
  readonly requestMs: number;
  /** The SDK repeats what may pass, with growing pauses. */
  readonly attemptsMax: number;
}

/** A part of 8 MiB at 64 KiB/s takes two minutes; a link slower than that is no place for backups. */
export const usualS3Limits: S3Limits = { connectMs: 10_000, silenceMs: 60_000, requestMs: 300_000, attemptsMax: 4 };

type Sdk = typeof s3Sdk;
export interface LoadedS3 {
  readonly sdk: Sdk;
  readonly client: s3Sdk.S3Client;
}

/**
 * The SDK and a client of it, made at the first call: loading takes a third of
 * a second, and most verbs need no S3. Credentials are found by the SDK, in the
 * environment or its files; they pass through nothing of ours.
 */
export class S3Connection {
  readonly place: S3Place;
  readonly #config: BackupS3Config | undefined;
  readonly #limits: S3Limits;
  #loading: Promise<LoadedS3> | undefined;

  constructor(place: S3Place, config: BackupS3Config | undefined, limits: S3Limits) {
    this.place = place;
    this.#config = config;
    this.#limits = limits;
  }

  get objectLockDays(): number {
    return this.#config?.objectLockDays ?? 0;
  }

  /** The object's key in the bucket. */
  keyOf(name: string): string {
    return this.place.prefix === "" ? name : `${this.place.prefix}/${name}`;
  }

  /** The reverse; undefined: not below the prefix. */
  nameOf(key: string): string | undefined {
    const { prefix } = this.place;
    if (prefix === "") return key;
    return key.startsWith(`${prefix}/`) ? key.slice(prefix.length + 1) : undefined;
  }

  /** One operation, its errors translated. What `act` throws and handles itself must be caught inside of it. */
  async call<T>(call: Omit<S3Call, "place">, act: (s3: LoadedS3) => Promise<T>): Promise<T> {
    try {
      call.signal?.throwIfAborted();
      return await act(await this.#load());
    } catch (error) {
      throw toRecoveryError(error, { ...call, place: this.place.place });
    }
  }

  async close(): Promise<void> {
    const loading = this.#loading;
    this.#loading = undefined;
    if (loading !== undefined) (await loading).client.destroy();
  }

  #load(): Promise<LoadedS3> {
    this.#loading ??= this.#open();
    this.#loading.catch(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #open(): Promise<LoadedS3> {
    const sdk = await import("@aws-sdk/client-s3");
    const client = new sdk.S3Client(await this.#clientConfig());
    try {
      await this.#look({ sdk, client });
    } catch (error) {
      client.destroy();
      throw error;
    }
    return { sdk, client };
  }

  /** Is the bucket there? Asked once, because the answer about a single object does not tell a bucket that is missing. */
  async #look({ sdk, client }: LoadedS3): Promise<void> {
    const { bucket, place } = this.place;
    await client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: this.keyOf(""), MaxKeys: 1 }));
    if (this.objectLockDays === 0) return;
    const found = await client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: bucket })).catch((error: unknown) => {
      if (error instanceof Error && error.name === "ObjectLockConfigurationNotFoundError") return undefined;
      throw error;
    });
    if (found?.ObjectLockConfiguration?.ObjectLockEnabled === "Enabled") return;
    throw new RecoveryError("BACKUP_STORE_FAILED", {
      subject: `store ${place}`,
      detail: `backup.s3.objectLockDays asks for locked objects, but the bucket ${bucket} was made without object lock`,
      remedies: [{ why: "object lock is chosen when a bucket is made; make one with it, or take objectLockDays out of requorum.yaml" }],
    });
  }

  async #clientConfig(): Promise<s3Sdk.S3ClientConfig> {
    const { endpoint, region, pathStyle, caFile } = this.#config ?? { pathStyle: false };
    const ca = caFile === undefined ? undefined : await readCa(caFile);
    const { connectMs, silenceMs, requestMs, attemptsMax } = this.#limits;
    return {
      ...(endpoint === undefined ? {} : { endpoint }),
      // Servers that are not Amazon's take any; the SDK refuses to sign without one.
      ...(region === undefined ? (endpoint === undefined ? {} : { region: "us-east-1" }) : { region }),
      forcePathStyle: pathStyle,
      maxAttempts: attemptsMax,
      // Older and smaller servers refuse the checksums that the SDK adds by itself; ours is Content-MD5, which all know.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      // With this header the SDK takes an agent of its own, which does not know our CA (@smithy/node-http-handler 4.14).
      expectContinueHeader: false,
      requestHandler: {
        connectionTimeout: connectMs,
        socketTimeout: silenceMs,
        requestTimeout: requestMs,
        throwOnRequestTimeout: true,
        httpsAgent: new Agent({ keepAlive: true, maxSockets: 16, ...(ca === undefined ? {} : { ca }) }),
      },
      logger: silentLogger,
    };
  }
}

/** The SDK would write its warnings, with requests in them, to the terminal. */
const silentLogger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function readCa(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new RecoveryError("CONFIG_INVALID", {
      subject: `file ${path}`,
      detail: `backup.s3.caFile names ${path}, which cannot be read`,
      cause,
    });
  });
}
