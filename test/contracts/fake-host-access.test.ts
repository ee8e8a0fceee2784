import { asHostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { ErrorCode } from "../../src/model/error-catalogue.ts";
import { FakeHostAccess } from "../support/fake-host-access.ts";
import { contractScripts, hostAccessContract } from "./host-access.contract.ts";

const good = asHostName("good");
const failing = (["SSH_UNREACHABLE", "SSH_HOST_KEY_CHANGED", "SSH_AUTH_FAILED"] satisfies ErrorCode[]).map((code) => ({
  host: asHostName(code.toLowerCase().replaceAll("_", "-")),
  code,
}));

hostAccessContract("FakeHostAccess", () => {
  const fake = new FakeHostAccess();
  for (const { script, behave } of Object.values(contractScripts)) fake.onScript({ script }, behave);
  for (const { host, code } of failing)
    fake.failWith(host, () => new RecoveryError(code, { subject: `host ${host}`, detail: "as the test wants" }));
  fake.failWith(asHostName("nobody"), () => new RecoveryError("USAGE", { subject: "host nobody", detail: "not configured" }));
  return Promise.resolve({
    access: fake,
    good,
    failing,
    directory: "/scratch",
    fileOf: (path) => Promise.resolve(fake.fileOf(good, path)),
    writeFile: (path, content) => {
      fake.setFile(good, path, content);
      return Promise.resolve();
    },
    breakConnectionSoon: () => undefined,
    close: () => fake.close(),
  });
});
