/**
 * Creates objects through one API server. It is a program of its own because it
 * must run inside the lab's network namespace: `seed-lab.ts` starts it there.
 * Reads a SeedJob from standard input; writes the number of objects done, one
 * per line. Secrets come in on standard input only.
 */
import { Agent, request } from "node:https";
import type { SeedObject, SeedPlan } from "./seed-objects.ts";

export interface SeedJob {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly plan: SeedPlan;
}

/** The API server's default for mutating requests in flight is 200; it shares two processors with two others. */
const concurrency = 16;
/** A definition is served a second or two after it was created; a namespace's controller needs a moment as well. */
const attemptsMax = 40;
const retryPauseMs = 250;
const requestTimeoutMs = 30_000;
/** One line per this many objects. */
const progressStep = 25;

if (import.meta.main) await run(JSON.parse(await readAll()) as SeedJob);

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function run(job: SeedJob): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency, ca: job.ca, cert: job.certificate, key: job.key });
  let done = 0;
  const createAll = async (objects: readonly SeedObject[]) => {
    const queue = objects.values();
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        for (const object of queue) {
          await create(job, agent, object);
          if (++done % progressStep === 0) process.stdout.write(`${String(done)}\n`);
        }
      }),
    );
  };
  await createAll(job.plan.first);
  await createAll(job.plan.rest);
  process.stdout.write(`${String(done)}\n`);
  agent.destroy();
}

async function create(job: SeedJob, agent: Agent, object: SeedObject): Promise<void> {
  let last = "";
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const answer = await post(job, agent, object);
    if (answer.status === 201 || answer.status === 409) return; // 409: an earlier attempt whose answer was lost
    last = `${String(answer.status)} ${answer.text.slice(0, 300)}`;
    if (answer.status !== 404 && answer.status !== 429 && answer.status < 500) break;
    await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
  }
  throw new Error(`creating an object below ${object.path}: ${last}`);
}

function post(job: SeedJob, agent: Agent, object: SeedObject): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const body = JSON.stringify(object.body);
    const call = request(
      {
        agent,
        host: job.host,
        port: job.port,
        path: object.path,
        method: "POST",
        timeout: requestTimeoutMs,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
        });
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    // A lost connection counts as a server error: repeated, and 409 when it had worked.
    call.on("error", (error) => {
      resolve({ status: 599, text: error.message });
    });
    call.end(body);
  });
}
