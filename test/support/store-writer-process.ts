/** A program that puts one object into a backup store; kill-store-writer.ts kills it. What to do comes over stdin. */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { BackupS3Config } from "../../src/model/cluster-config.ts";
import { openStoreForTests } from "./open-store-for-tests.ts";

interface Task {
  readonly place: string;
  readonly s3?: BackupS3Config;
  readonly sshConfigFile?: string;
  readonly name: string;
  readonly contentFile: string;
}

const task = JSON.parse(await text(process.stdin)) as Task;
const store = openStoreForTests(task.place, task);
await store.list("sets/");
process.stdout.write("begins\n");
await store.put(task.name, readFileSync(task.contentFile));
await store.close();
