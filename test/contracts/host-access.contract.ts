import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asHostName, type HostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { ErrorCode, Retry } from "../../src/model/error-catalogue.ts";
import type { HostAccess, RemoteRequest } from "../../src/ports/host-access.ts";
import type { ScriptedOutcome } from "../support/fake-host-access.ts";

/** What a subject of the contract has to provide: machines in each state, and a place for files on the good one. */
export interface HostAccessSubject {
  readonly access: HostAccess;
  /** Host names: one that works, and one per way of not being reached. */
  readonly good: HostName;
  readonly failing: readonly { readonly host: HostName; readonly code: ErrorCode }[];
  /** An absolute directory on the good host. */
  readonly directory: string;
  /** Content and mode of a file on the good host; undefined: there is none. */
  fileOf(path: string): Promise<{ readonly content: Uint8Array; readonly mode: number } | undefined>;
  writeFile(path: string, content: Uint8Array): Promise<void>;
  /** Breaks the connection of a call that is under way, soon. */
  breakConnectionSoon(): void;
  close(): Promise<void>;
}

/** A script of the contract, and what a machine answers to it: the fake is taught this, the real one must agree. */
export interface ContractScript {
  readonly script: string;
  readonly behave: (request: RemoteRequest) => ScriptedOutcome;
}

const printArguments = `for one in "$@"; do printf '[%s]' "$one"; done`;
export const contractScripts = {
  streams: { script: "echo out; echo err >&2; exit 7", behave: () => ({ exitCode: 7, stdout: "out\n", stderr: "err\n" }) },
  exit255: { script: "exit 255", behave: () => ({ exitCode: 255 }) },
  printArguments: { script: printArguments, behave: (request) => ({ stdout: (request.args ?? []).map((one) => `[${one}]`).join("") }) },
  readInput: { script: 'cat "$REQUORUM_INPUT"', behave: (request) => ({ stdout: new TextDecoder().decode(request.input) }) },
  flood: { script: "head -c 300000 /dev/zero | tr '\\0' x", behave: () => ({ stdout: "x".repeat(300_000) }) },
  hang: { script: "sleep 20", behave: () => "hang" },
  breaks: { script: "sleep 19", behave: () => "lost" },
  noTrailingNewline: { script: "printf abc", behave: () => ({ stdout: "abc" }) },
} as const satisfies { readonly [name: string]: ContractScript };

function failsWith(code: ErrorCode, retry?: Retry): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RecoveryError, `expected a RecoveryError, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    if (retry !== undefined) assert.equal(error.retry, retry);
    return true;
  };
}

/** Runs the contract of the HostAccess port on one subject. `skip`: the reason, printed loudly. */
export function hostAccessContract(name: string, makeSubject: () => Promise<HostAccessSubject>, skip: string | false = false): void {
  let subject: HostAccessSubject;
  const request = (of: ContractScript, more: Partial<RemoteRequest> = {}): RemoteRequest => ({
    reason: "contract",
    script: of.script,
    timeoutMs: 15_000,
    changesThings: false,
    ...more,
  });
  const contract = (sentence: string, body: () => Promise<void>) => {
    void test(`${name}: ${sentence}`, { skip, timeout: 60_000 }, body);
  };

  before(async () => {
    if (skip === false) subject = await makeSubject();
  });
  after(async () => {
    if (skip === false) await subject.close();
  });

  contract("a script's streams and exit status are its result, not an error", async () => {
    assert.deepEqual(await subject.access.run(subject.good, request(contractScripts.streams)), {
      exitCode: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  contract("a script's own exit 255 is not taken for a lost connection", async () => {
    assert.equal((await subject.access.run(subject.good, request(contractScripts.exit255))).exitCode, 255);
  });

  contract("output without a final newline arrives as it is", async () => {
    assert.equal((await subject.access.run(subject.good, request(contractScripts.noTrailingNewline))).stdout, "abc");
  });

  contract("arguments arrive literally: spaces, quotes, newlines, substitutions, unicode, nothing at all", async () => {
    const args = ["a b", "it's", 'say "x"', "line\nline", "$(id) `id` $HOME", "back\\slash", "ünïcødé 語", "", "-n", "*", "!x"];
    const result = await subject.access.run(subject.good, request(contractScripts.printArguments, { args }));
    assert.equal(result.stdout, args.map((one) => `[${one}]`).join(""));
  });

  contract("input is readable by the script as a file", async () => {
    const result = await subject.access.run(
      subject.good,
      request(contractScripts.readInput, { input: new TextEncoder().encode("se'cret\n語") }),
    );
    assert.equal(result.stdout, "se'cret\n語");
  });

  contract("output beyond its limit is REMOTE_OUTPUT_TOO_LARGE; of a change the outcome is unknown", async () => {
    await assert.rejects(
      subject.access.run(subject.good, request(contractScripts.flood, { outputBytesMax: 1000 })),
      failsWith("REMOTE_OUTPUT_TOO_LARGE", "permanent"),
    );
    await assert.rejects(
      subject.access.run(subject.good, request(contractScripts.flood, { outputBytesMax: 1000, changesThings: true })),
      failsWith("REMOTE_OUTPUT_TOO_LARGE", "unknown-outcome"),
    );
    assert.equal(
      (await subject.access.run(subject.good, request(contractScripts.flood, { outputBytesMax: 300_000 }))).stdout.length,
      300_000,
    );
  });

  contract("a script that does not end is REMOTE_TIMEOUT: transient when it reads, of unknown outcome when it changes things", async () => {
    await assert.rejects(
      subject.access.run(subject.good, request(contractScripts.hang, { timeoutMs: 700 })),
      failsWith("REMOTE_TIMEOUT", "transient"),
    );
    await assert.rejects(
      subject.access.run(subject.good, request(contractScripts.hang, { timeoutMs: 700, changesThings: true })),
      failsWith("REMOTE_TIMEOUT", "unknown-outcome"),
    );
  });

  contract("an abort ends the call with INTERRUPTED and the signal's reason as cause", async () => {
    const controller = new AbortController();
    const reason = new Error("the operator pressed Ctrl-C");
    const call = subject.access.run(subject.good, request(contractScripts.hang, { signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 300);
    await assert.rejects(call, (error) => {
      failsWith("INTERRUPTED")(error);
      return (error as RecoveryError).cause === reason;
    });
  });

  contract("a connection that breaks during a change leaves the outcome unknown, and the next call works", async () => {
    subject.breakConnectionSoon();
    await assert.rejects(
      subject.access.run(subject.good, request(contractScripts.breaks, { changesThings: true })),
      failsWith("SSH_CONNECTION_LOST", "unknown-outcome"),
    );
    assert.equal((await subject.access.run(subject.good, request(contractScripts.noTrailingNewline))).stdout, "abc");
  });

  contract("a connection that breaks during a read is transient", async () => {
    subject.breakConnectionSoon();
    await assert.rejects(subject.access.run(subject.good, request(contractScripts.breaks)), failsWith("SSH_CONNECTION_LOST", "transient"));
  });

  contract("a machine that cannot be reached or trusted is named by its code, within 2 s, also when a change was wanted", async () => {
    for (const { host, code } of subject.failing) {
      const start = performance.now();
      await assert.rejects(subject.access.run(host, request(contractScripts.noTrailingNewline, { changesThings: true })), (error) => {
        failsWith(code)(error);
        assert.notEqual((error as RecoveryError).retry, "unknown-outcome", "nothing was sent");
        assert.match((error as RecoveryError).subject, new RegExp(`host ${host}`));
        return true;
      });
      assert.ok(performance.now() - start < 2000, `${host} took ${String(performance.now() - start)} ms`);
      await assert.rejects(subject.access.ping(host, { timeoutMs: 5000 }), failsWith(code));
      await assert.rejects(subject.access.readFile(host, "/etc/hostname", { bytesMax: 10, timeoutMs: 5000 }), failsWith(code));
    }
  });

  contract("a host that is not configured is a usage error", async () => {
    await assert.rejects(subject.access.run(asHostName("nobody"), request(contractScripts.noTrailingNewline)), failsWith("USAGE"));
  });

  contract("ping answers with a round trip in milliseconds", async () => {
    const roundTripMs = await subject.access.ping(subject.good, { timeoutMs: 10_000 });
    assert.ok(roundTripMs > 0 && roundTripMs < 1000, String(roundTripMs));
  });

  contract("a script can be asked for the round trip before it, which is told before its result", async () => {
    const told: number[] = [];
    const result = await subject.access.run(
      subject.good,
      request(contractScripts.noTrailingNewline, { onRoundTrip: (milliseconds) => told.push(milliseconds) }),
    );
    assert.equal(result.exitCode, 0);
    assert.equal(told.length, 1);
    assert.ok((told[0] ?? 0) > 0 && (told[0] ?? 0) < 1000, String(told));
    for (const { host, code } of subject.failing) {
      const asked = request(contractScripts.noTrailingNewline, { onRoundTrip: (milliseconds) => told.push(milliseconds) });
      await assert.rejects(subject.access.run(host, asked), failsWith(code));
    }
    assert.equal(told.length, 1, "a machine that cannot be reached has no round trip");
  });

  contract("of several groups of files the first whole one is read, byte for byte, also for several wishes at once", async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
    const path = (name: string): string => `${subject.directory}/first 'readable' ${name}`;
    const put = (name: string, content: Uint8Array) =>
      subject.access.upload(subject.good, { path: path(name), content, mode: 0o600, timeoutMs: 10_000 });
    await Promise.all([put("a", bytes), put("b", Buffer.from("\nb\n\n")), put("empty", new Uint8Array())]);
    const wish = (...groups: readonly (readonly string[])[]) =>
      subject.access.readFirst(subject.good, {
        reason: `read ${groups.join(" or ")}`,
        groups: groups.map((group) => group.map(path)),
        timeoutMs: 10_000,
      });
    const found = await Promise.all([
      wish(["a", "missing"], ["b", "a"], ["empty"]),
      wish(["missing"], []),
      wish(["missing"]),
      wish(["empty"]),
    ]);
    assert.deepEqual(
      found.map((files) => files?.map(({ path: of, content }) => [of, Buffer.from(content)])),
      [
        [
          [path("b"), Buffer.from("\nb\n\n")],
          [path("a"), Buffer.from(bytes)],
        ],
        [],
        undefined,
        [[path("empty"), Buffer.alloc(0)]],
      ],
    );
    await put("large", new Uint8Array(3_200_000));
    const [large, beside] = await Promise.allSettled([wish(["large"]), wish(["b"])]);
    assert.ok(large.status === "rejected" && failsWith("REMOTE_OUTPUT_TOO_LARGE")(large.reason));
    assert.ok(beside.status === "fulfilled" && beside.value?.length === 1, "one wish that fails takes no other with it");
    for (const { host, code } of subject.failing) {
      const asked = { reason: "read what is not there", groups: [["/nowhere"]], timeoutMs: 5000 };
      const both = await Promise.allSettled([subject.access.readFirst(host, asked), subject.access.readFirst(host, asked)]);
      for (const one of both) assert.ok(one.status === "rejected" && failsWith(code)(one.reason), "both are told");
    }
  });

  contract("an upload arrives byte for byte with its mode, and reads back", async () => {
    const content = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
    const path = `${subject.directory}/file with 'quotes' and $(x)`;
    await subject.access.upload(subject.good, { path, content, mode: 0o600, timeoutMs: 10_000 });
    const stored = await subject.fileOf(path);
    assert.equal(stored?.mode, 0o600);
    assert.deepEqual(Buffer.from(stored.content), Buffer.from(content));
    assert.deepEqual(
      Buffer.from(await subject.access.readFile(subject.good, path, { bytesMax: 100_000, timeoutMs: 10_000 })),
      Buffer.from(content),
    );
  });

  contract("an upload replaces what was there", async () => {
    const path = `${subject.directory}/replaced`;
    await subject.writeFile(path, new TextEncoder().encode("old"));
    await subject.access.upload(subject.good, { path, content: new TextEncoder().encode("new"), mode: 0o644, timeoutMs: 10_000 });
    assert.equal(new TextDecoder().decode((await subject.fileOf(path))?.content), "new");
  });

  contract("reading what is not there is REMOTE_COMMAND_FAILED; reading more than the limit is REMOTE_OUTPUT_TOO_LARGE", async () => {
    await assert.rejects(
      subject.access.readFile(subject.good, `${subject.directory}/nothing`, { bytesMax: 10, timeoutMs: 10_000 }),
      failsWith("REMOTE_COMMAND_FAILED"),
    );
    await subject.writeFile(`${subject.directory}/eleven`, new TextEncoder().encode("12345678901"));
    await assert.rejects(
      subject.access.readFile(subject.good, `${subject.directory}/eleven`, { bytesMax: 10, timeoutMs: 10_000 }),
      failsWith("REMOTE_OUTPUT_TOO_LARGE"),
    );
  });

  contract("a part of a long file is read byte for byte from where it is asked for, and ends with the file", async () => {
    const content = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8)) % 256);
    const path = `${subject.directory}/a long one`;
    await subject.writeFile(path, content);
    const part = async (fromByte: number, bytesMax: number) =>
      Buffer.from(await subject.access.readFile(subject.good, path, { fromByte, bytesMax, timeoutMs: 10_000 }));
    assert.deepEqual(await part(0, 100), Buffer.from(content.subarray(0, 100)));
    assert.deepEqual(await part(65_536, 131_072), Buffer.from(content.subarray(65_536, 196_608)));
    assert.deepEqual(await part(196_608, 65_536), Buffer.from(content.subarray(196_608)));
    assert.equal((await part(262_144, 65_536)).length, 0);
  });

  contract("a forward names its socket and may be closed twice", async () => {
    const forward = await subject.access.forward(subject.good, { address: "127.0.0.1", port: 9, timeoutMs: 10_000 });
    assert.match(forward.socketPath, /^\//);
    await forward.close();
    await forward.close();
  });
}
