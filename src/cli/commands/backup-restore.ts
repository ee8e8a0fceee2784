import { isAbsolute, resolve } from "node:path";
import { nodeKeyMatcher } from "../../adapters/system/node-key-matcher.ts";
import { applyPlan } from "../../app/apply-plan.ts";
import { findSetOfHost, type WantedSet } from "../../app/backup/find-set.ts";
import { planRestoreOfParts, type RestorePartsPlan } from "../../app/backup/restore-parts.ts";
import { ageSecondsOf } from "../../catalogue/time-of-set.ts";
import { assertNoRunHoldsLock, openRun } from "../../app/open-run.ts";
import type { AppContext } from "../../app/app-ports.ts";
import { configuredHost } from "../../model/configured-host.ts";
import { cleanPath } from "../../model/host-path.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import type { RecoveryPlan } from "../../model/plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { isRestoreAcceptance, restoreDoubts, type RestoreAcceptance } from "../../model/restore-doubt.ts";
import { restorableKinds, takesEffectWords } from "../../model/restored-file.ts";
import { shellWord } from "../../model/shell-word.ts";
import { restoreDocument, restorePage, type BackupRestoreDocument } from "../../render/backup-restore.ts";
import { planDocument, shortDigest } from "../../render/plan-document.ts";
import type { PassedOverLine } from "../../render/status-document.ts";
import { writePlan } from "../../schemas/plan.ts";
import { consentFor } from "../ask-consent.ts";
import { calledWords, optionWords, tellPassedOver } from "../backup/chosen-set.ts";
import { setPartsOf } from "../backup/set-parts.ts";
import { withBackup, type BackupCall } from "../backup/with-backup.ts";
import { hasFlag, listOption, textArgument, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { finishRun } from "../finish-run.ts";
import { printNote, printResult } from "../print-result.ts";
import { runListener, tappedRunStore } from "../run-display.ts";
import { assertNoFile, writeNewFile } from "../write-file.ts";
import { planExit } from "./plan.ts";
import type { PartSelection } from "../../app/backup/chosen-parts.ts";
import type { StoredSetParts } from "../../app/backup/set-part-source.ts";
import type { ExitName } from "../../model/error-catalogue.ts";

/** What opens the set again when the plan is carried out by another call. */
const keyWords = ["store", "identity", "passphrase-file", "trust-signer"];

export const command: CommandModule = {
  async run(invocation) {
    const host = textOption(invocation, "host");
    if (host === undefined) throw usage("--host", "say whose files are put back: --host HOST");
    const selection = selectionOf(invocation);
    const accepts = acceptedOf(invocation);
    const out = textOption(invocation, "out");
    if (out !== undefined) await assertNoFile(resolve(invocation.cli.directories.work, out));
    return withBackup(invocation, { isQuiet: false }, async (call) => {
      const parts = setPartsOf(invocation, call.backup);
      try {
        const { onPassedOver, passedOver } = tellPassedOver(invocation);
        const { id } = await setWithParts(invocation, call, { host, kinds: selection.kinds, onPassedOver });
        return await restore(invocation, call, { host, selection, accepts, id, parts, passedOver });
      } finally {
        await parts.close();
      }
    });
  },
};

interface Wanted {
  readonly host: string;
  readonly selection: PartSelection;
  readonly accepts: readonly RestoreAcceptance[];
  readonly id: BackupSetId;
  readonly parts: StoredSetParts;
  readonly passedOver: readonly PassedOverLine[];
}

async function restore(invocation: Invocation, { app: plain, display }: BackupCall, wanted: Wanted): Promise<ExitName> {
  const { cli } = invocation;
  const { host, selection, accepts, id, parts } = wanted;
  const app: AppContext = { ...plain, ports: { ...plain.ports, setParts: parts } };
  const breakLock = hasFlag(invocation, "break-lock");
  const out = textOption(invocation, "out");
  if (!breakLock && out === undefined) await assertNoRunHoldsLock(app);
  const set = await parts.openSet(id, cli.signal);
  const made = await planRestoreOfParts({ ...app, keyMatcher: nodeKeyMatcher }, { set, host, selection, accepts });
  const { plan } = made;
  const { manifest } = set;
  display.stop();
  if (out !== undefined || plan.verdict !== "act") {
    const file = plan.verdict === "act" ? out : undefined;
    if (file !== undefined) await writeNewFile(resolve(cli.directories.work, file), writePlan(plan), { replaces: false });
    const open = await openRun(app);
    const document = documentOf({ ...made, manifest }, planDocument(plan, file, open));
    printResult(cli, { ...document, passedOver: wanted.passedOver }, () => restorePage(document, { showsNext: true }));
    return planExit(plan, open);
  }
  display.leaveOut(plan.steps.map((step) => step.describes));
  printNote(cli, restorePage(documentOf({ ...made, manifest }, planDocument(plan, undefined)), { showsNext: false }));
  return await carryOut(invocation, { app, display, plan, breakLock });
}

async function carryOut(
  invocation: Invocation,
  {
    app: plain,
    display,
    plan,
    breakLock,
  }: Pick<BackupCall, "app" | "display"> & { readonly plan: RecoveryPlan; readonly breakLock: boolean },
): Promise<ExitName> {
  const { cli } = invocation;
  const runs = tappedRunStore(
    plain.ports.runs,
    runListener(cli, () => plan),
  );
  const app: AppContext = { ...plain, ports: { ...plain.ports, runs } };
  const askConsent = consentFor(cli, app, {
    approve: undefined,
    commandFor: (consented) => keptPlan(invocation, consented),
    showsPlan: false,
    pause: () => {
      display.stop();
    },
  });
  const applied = await applyPlan(app, { plan, askConsent, breakLock });
  display.stop();
  return await finishRun(cli, app, applied);
}

/** Without a terminal the plan is kept, to be approved and applied: its digest differs each time that it is made. */
async function keptPlan(invocation: Invocation, plan: RecoveryPlan): Promise<string> {
  const file = `plan-${shortDigest(plan.digest)}.json`;
  await writeNewFile(resolve(invocation.cli.directories.work, file), writePlan(plan), { replaces: true });
  return ["requorum", "apply", file, ...optionWords(invocation, keyWords)].map(shellWord).join(" ");
}

function documentOf(
  { plan, differences, unseen, manifest }: RestorePartsPlan & { readonly manifest: BackupManifest },
  shown: ReturnType<typeof planDocument>,
): BackupRestoreDocument {
  const { goal } = plan;
  if (goal.kind !== "restore-parts") throw new Error("broken assumption in requorum: a plan of another goal was made");
  const files = plan.steps.flatMap((step) => (step.kind === "host.restoreFiles" ? step.args.files : []));
  const toTakeEffect = takesEffectWords(files);
  const setAgeSeconds = ageSecondsOf(manifest, Date.parse(plan.createdAt));
  const ofSet = { set: goal.set, setCreatedAt: manifest.createdAt, setAgeSeconds, setMarks: manifest.marks };
  return restoreDocument({ ...ofSet, host: goal.host, differences, unseen, toTakeEffect, plan: shown });
}

async function setWithParts(
  invocation: Invocation,
  { app, backup }: BackupCall,
  { host, kinds, onPassedOver }: { readonly host: string; readonly kinds: PartSelection["kinds"] } & Pick<WantedSet, "onPassedOver">,
): Promise<{ readonly id: BackupSetId }> {
  const context = { backup: backup.ports, trust: backup.trust, signal: app.signal };
  const name = textArgument(invocation, "set") ?? "latest";
  // Whether a known key signed it is said when it is opened.
  return await findSetOfHost(context, {
    name,
    cluster: app.config.cluster,
    host: configuredHost(app.config, host).name,
    kinds,
    nowMs: app.ports.clock.nowMs(),
    onPassedOver,
    again: (id) =>
      calledWords(invocation, { [name]: id })
        .map(shellWord)
        .join(" "),
  });
}

function selectionOf(invocation: Invocation): PartSelection {
  const typed = listOption(invocation, "kind");
  assertPutBack(invocation, typed);
  const kinds = restorableKinds.filter(
    (kind) =>
      typed.includes(kind) ||
      (kind === "pki" && hasFlag(invocation, "pki")) ||
      (kind === "encryption-config" && hasFlag(invocation, "encryption-config")),
  );
  const paths = listOption(invocation, "path").map((path) => {
    const clean = isAbsolute(path) ? cleanPath(path) : undefined;
    if (clean === undefined || clean === "/") throw usage("--path", `${path} is no absolute path of a file or directory on the machine`);
    return clean;
  });
  if (kinds.length + paths.length === 0)
    throw usage("--kind", `say what is put back: --pki, --encryption-config, --kind KIND (${restorableKinds.join(", ")}) or --path PATH`);
  return { kinds, paths };
}

/** A kind that is left out in silence would be believed to be back. USAGE. */
function assertPutBack(invocation: Invocation, typed: readonly string[]): void {
  const odd = typed.find((kind) => !restorableKinds.some((one) => one === kind));
  if (odd === undefined) return;
  if (odd !== "static-pod") throw usage("--kind", `${odd} is no kind that is put back; those are ${restorableKinds.join(", ")}`);
  throw new RecoveryError("USAGE", {
    subject: "option --kind",
    detail:
      "static pods, and the units and settings of etcd as a service, are not put back: a member that was removed or lost its data would come to life again",
    remedies: [
      { why: "see whether etcd may start there", command: "requorum plan" },
      {
        why: "all files of the set, into a new directory here",
        command: `requorum backup unseal ${shellWord(textArgument(invocation, "set") ?? "latest")} --to unsealed`,
      },
    ],
  });
}

function acceptedOf(invocation: Invocation): readonly RestoreAcceptance[] {
  return listOption(invocation, "accept").map((word) => {
    const [doubt = "", typed] = word.split(/=(.*)/s);
    const path = typed === undefined ? undefined : cleanPath(typed);
    const clean = typed === undefined ? doubt : `${doubt}=${path ?? ""}`;
    if (isRestoreAcceptance(clean)) return clean;
    throw usage("--accept", `${word}: say ${restoreDoubts.join(", ")}, each alone or for one file, as EXPIRED=/etc/kubernetes/pki/a.crt`);
  });
}

function usage(option: string, detail: string): RecoveryError {
  return new RecoveryError("USAGE", { subject: `option ${option}`, detail });
}
