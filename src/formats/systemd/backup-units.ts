/**
 * The units of a backup timer, as text. Sources: systemd.unit(5),
 * systemd.service(5), systemd.exec(5), systemd.timer(5), systemd.syntax(7).
 */
import { RecoveryError } from "../../model/recovery-error.ts";

export interface BackupUnitFacts {
  readonly cluster: string;
  readonly scope: "system" | "user";
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** Where it may write although the rest of the system is read-only to it. One that is not there yet is passed over. */
  readonly writable: readonly string[];
  /** Absolute; undefined: none is configured. */
  readonly passphraseFile: string | undefined;
  readonly runSecondsMax: number;
  readonly when: { readonly kind: "every"; readonly seconds: number } | { readonly kind: "calendar"; readonly expression: string };
}

export interface UnitText {
  /** "requorum-backup-prod.timer" */
  readonly name: string;
  readonly text: string;
}

/** Stands in for the path in the command where systemd puts the passphrase. */
export const credentialPlace = "${CREDENTIALS_DIRECTORY}/requorum";
/** After the machine came up, and after the timer was installed: what was missed is made up for, when the network is there. */
const firstRunSeconds = 120;

export function backupUnitName(cluster: string): string {
  return `requorum-backup-${cluster}`;
}

/** Without the line that says who wrote it. USAGE where a path holds what no unit can carry. */
export function backupUnits(facts: BackupUnitFacts): readonly [service: UnitText, timer: UnitText] {
  const name = backupUnitName(facts.cluster);
  return [
    { name: `${name}.service`, text: lines(serviceLines(facts)) },
    { name: `${name}.timer`, text: lines(timerLines(facts, name)) },
  ];
}

function serviceLines(facts: BackupUnitFacts): readonly string[] {
  return [
    "[Unit]",
    `Description=requorum: backup set of cluster ${facts.cluster}`,
    ...(facts.scope === "system" ? ["Wants=network-online.target", "After=network-online.target"] : []),
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=${facts.command.map(commandWord).join(" ")}`,
    ...Object.entries(facts.environment).map(([variable, value]) => `Environment=${quoted(`${variable}=${value}`)}`),
    ...(facts.passphraseFile === undefined ? [] : [`LoadCredential=requorum:${plainPath(facts.passphraseFile)}`]),
    "# It ends itself a little earlier, and says so.",
    `TimeoutStartSec=${String(facts.runSecondsMax)}s`,
    "TimeoutStopSec=60s",
    "Nice=10",
    "IOSchedulingPriority=7",
    "UMask=0077",
    "# A core file would hold keys, and what they protect.",
    "LimitCORE=0",
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    ...(facts.scope === "system" ? systemOnlyLines(facts) : userOnlyLines),
    "# No limit on the network: ssh, the store and the webhook need it.",
  ];
}

function systemOnlyLines({ writable, command, passphraseFile }: BackupUnitFacts): readonly string[] {
  // What lies there would not be seen, and what is written there would be gone with the service: sets, too.
  const isTmpUsed = [...writable, ...command, passphraseFile ?? ""].some((path) => /^\/(?:var\/)?tmp(?:\/|$)/.test(path));
  return [
    ...(isTmpUsed ? ["# No PrivateTmp=: something that it needs lies below /tmp or /var/tmp."] : ["PrivateTmp=yes"]),
    "ProtectSystem=strict",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    ...writable.map((path) => `ReadWritePaths=${quoted(`-${path}`)}`),
  ];
}

/** OpenSSH's readconf.c checks the owner of every file that ssh_config includes. */
const userOnlyLines: readonly string[] = [
  "# No ProtectSystem= and PrivateTmp=: for a user they need a user namespace, in which root's files have no owner,",
  "# and ssh refuses the files that /etc/ssh/ssh_config includes.",
];

function timerLines({ cluster, when }: BackupUnitFacts, name: string): readonly string[] {
  return [
    "[Unit]",
    `Description=requorum: backup sets of cluster ${cluster}, on time`,
    "",
    "[Timer]",
    ...(when.kind === "calendar"
      ? [`OnCalendar=${specifierless(when.expression)}`, "# What was missed while the machine was off is made up for.", "Persistent=yes"]
      : [`OnActiveSec=${String(firstRunSeconds)}s`, `OnUnitActiveSec=${String(when.seconds)}s`]),
    "AccuracySec=1min",
    `Unit=${name}.service`,
    "",
    "[Install]",
    "WantedBy=timers.target",
  ];
}

function lines(texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}

/** The place of the credential is the one variable that systemd is to put in. */
function commandWord(word: string): string {
  if (word === credentialPlace) return `"${word}"`;
  return quoted(word).replaceAll("$", "$$$$");
}

/** systemd.syntax(7), "Quoting"; % begins a specifier. */
function quoted(text: string): string {
  assertPlain(text);
  return `"${specifierless(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function specifierless(text: string): string {
  assertPlain(text);
  return text.replaceAll("%", "%%");
}

/** Takes the rest of the line as it is. */
function plainPath(path: string): string {
  return specifierless(path);
}

function assertPlain(text: string): void {
  // A line break would begin another setting.
  if (!/[\u0000-\u001f\u007f]/.test(text)) return;
  throw new RecoveryError("USAGE", {
    subject: "backup timer",
    detail: `${JSON.stringify(text)} holds a control character, which no unit of systemd can carry`,
  });
}

const headPattern = /^# Written by requorum \(backup timer\); sha256 of what follows: ([0-9a-f]{64})\n/;

/** With a first line by which it is known again, and known to be unchanged. */
export function signedUnit(text: string, sha256Hex: (text: string) => string): string {
  const body = `# Do not change this file: put changes into a drop-in (systemctl edit), which stays.\n\n${text}`;
  return `# Written by requorum (backup timer); sha256 of what follows: ${sha256Hex(body)}\n${body}`;
}

/** Whose is this file? `changed`: ours, and changed by hand since. */
export function unitOrigin(text: string, sha256Hex: (text: string) => string): "ours" | "changed" | "foreign" {
  const match = headPattern.exec(text);
  if (match === null) return "foreign";
  return sha256Hex(text.slice(match[0].length)) === match[1] ? "ours" : "changed";
}
