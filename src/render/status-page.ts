import {
  bad,
  command,
  dim,
  gap,
  good,
  heading,
  item,
  line,
  strong,
  table,
  warn,
  type Block,
  type Inline,
  type Page,
  type Span,
} from "./page.ts";
import type { ScheduleSummary } from "../model/backup-schedule.ts";
import { lostWords } from "../model/seen-sets.ts";
import { scheduleReason, scheduleWords } from "./backup-run.ts";
import { shorthandBlocks } from "./shorthand.ts";
import type { StatusDocument, StatusEndpoint, StatusMember } from "./status-document.ts";
import { ageWords, bytesWords, count, orUnknown, secondsWords, severityTone, timeWords, toleranceWords } from "./words.ts";

/** The verdict first: who reads this at 3 a.m. wants one line, then the reasons. */
export function statusPage(status: StatusDocument): Page {
  return [
    line(verdictLine(status)),
    line(dim(`cluster ${status.cluster}, seen ${timeWords(status.takenAt)}`)),
    ...findingLines(status),
    gap,
    ...memberBlocks(status),
    ...hostBlocks(status),
    ...footBlocks(status),
    ...unknownBlocks(status),
    ...shorthandBlocks(unknownBlocks(status)),
    ...nextBlocks(status),
  ];
}

function verdictLine(status: StatusDocument): readonly Span[] {
  const words = `  ${verdictWords(status)}`;
  switch (status.verdict) {
    case "healthy":
      return [good("HEALTHY"), strong(words)];
    case "degraded":
      return [warn("DEGRADED"), strong(words)];
    case "quorum-lost":
      return [bad("QUORUM LOST"), strong(words)];
    case "unknown":
      return [warn("UNKNOWN"), strong(words)];
    default:
      return status.verdict satisfies never;
  }
}

/** Counts of what was seen, and what follows from them. Voters that were not seen make every tolerance a lower bound. */
function verdictWords(status: StatusDocument): string {
  const { quorum } = status;
  const isLost = status.verdict === "quorum-lost";
  if (quorum === undefined)
    return isLost
      ? "too many of the configured etcd machines are seen not to take part; none could be asked who belongs to the cluster"
      : status.clusterIds.length > 1
        ? "more than one etcd cluster answers; which of them is the right one is not known"
        : "no etcd member could be asked who belongs to the cluster";
  const needed = `${String(quorum.needed)} needed`;
  const voters = count(quorum.voters, "voter");
  const unseen = quorum.unknownVoters === 0 ? "" : ` (${count(quorum.unknownVoters, "voter")} could not be asked)`;
  if (quorum.basis === "believed") {
    const alone = status.members.filter((member) => member.state === "alone" && !member.isLearner).length;
    const answers = `${String(alone)} of ${voters} ${alone === 1 ? "answers" : "answer"} for ${alone === 1 ? "itself" : "themselves"}, ${needed}`;
    return isLost
      ? `${answers}: ${quorum.faultTolerance === undefined ? "quorum is lost" : toleranceWords(quorum.faultTolerance)}${unseen}`
      : `no member proves a quorum; ${answers}${unseen}`;
  }
  if (quorum.healthy < quorum.needed)
    return `a quorum confirmed the member list, but only ${String(quorum.healthy)} of ${voters} answered for itself${unseen}`;
  const healthy = `${String(quorum.healthy)} of ${voters} healthy, ${needed}`;
  if (quorum.faultTolerance === undefined) return `${healthy}: how many failures it survives is not known${unseen}`;
  const bound = quorum.unknownVoters === 0 ? "" : " for certain";
  return `${healthy}: ${toleranceWords(quorum.faultTolerance)}${bound}${unseen}`;
}

function findingLines(status: StatusDocument): readonly Block[] {
  const shown = status.findings.filter((finding) => finding.severity !== "info");
  return shown.map((finding) =>
    item([{ text: finding.severity, tone: severityTone(finding.severity) }, `  ${finding.summary} `, dim(`[${finding.code}]`)]),
  );
}

const memberTone: { readonly [state in StatusMember["state"]]: Span } = {
  healthy: good("healthy"),
  alone: warn("answers, no quorum"),
  learner: warn("learner"),
  unstarted: bad("never started"),
  stopped: bad("stopped"),
  frozen: bad("frozen"),
  down: bad("down"),
  unknown: warn("unknown"),
};

function memberBlocks(status: StatusDocument): readonly Block[] {
  if (status.members.length === 0) return [heading("etcd members"), line(dim("not known"), 2), gap];
  const title = status.quorum?.basis === "believed" ? "etcd members (as last told; nobody could confirm the list)" : "etcd members";
  const rows = status.members.map((member): readonly Inline[] => [
    member.name === "" ? dim("(no name)") : member.name,
    orUnknown(member.id),
    memberTone[member.state],
    member.isLeader === true ? strong("leader") : member.isLearner ? "learner" : "",
    orUnknown(member.revision),
    orUnknown(member.raftTerm),
    orUnknown(member.appliedIndex),
    member.dbSizeBytes === undefined ? dim("unknown") : bytesWords(member.dbSizeBytes),
    orUnknown(member.version),
    member.peerUrls.map((url) => url.replace(/^https:\/\//, "")).join(" "),
  ]);
  const columns = [
    { title: "name" },
    { title: "id" },
    { title: "state" },
    { title: "" },
    { title: "revision", align: "right" as const },
    { title: "term", align: "right" as const, hideBelow: 100 },
    { title: "applied", align: "right" as const, hideBelow: 110 },
    { title: "db", align: "right" as const, hideBelow: 90 },
    { title: "version", hideBelow: 80 },
    { title: "peer", isFlexible: true },
  ];
  return [heading(title), table(columns, rows), gap];
}

function hostBlocks(status: StatusDocument): readonly Block[] {
  const rows = status.hosts.map((host): readonly Inline[] => {
    const api = status.apiServers.find((server) => server.host === host.name);
    const node = status.nodes?.find((candidate) => candidate.name === host.name);
    return [
      host.name,
      host.address,
      host.reachable ? good(`${(host.roundTripMs ?? 0).toFixed(0)} ms`) : bad("no"),
      api === undefined ? dim("-") : apiWords(api),
      node === undefined
        ? dim(status.nodes === undefined ? "unknown" : "no Node")
        : node.ready === "True"
          ? good("Ready")
          : bad(node.ready === "False" ? "NotReady" : "Unknown"),
      [
        host.holdsVip === true ? strong("VIP ") : "",
        serviceWords("haproxy", host.haproxy),
        " ",
        serviceWords("keepalived", host.keepalived),
      ],
      node?.kubeletVersion ?? dim("-"),
    ];
  });
  const columns = [
    { title: "machine" },
    { title: "address" },
    { title: "ssh" },
    { title: "api server", isFlexible: true },
    { title: "node" },
    { title: "balancer", isFlexible: true },
    { title: "kubelet", hideBelow: 100 },
  ];
  return [heading("machines"), table(columns, rows), gap];
}

function apiWords(server: StatusDocument["apiServers"][number]): Inline {
  if (server.state === "ready") return good(server.version === undefined ? "ready" : `ready ${server.version}`);
  if (server.state === "unknown") return warn("unknown");
  return bad(server.failedChecks.length === 0 ? "not ready" : `not ready: ${server.failedChecks.join(", ")}`);
}

function serviceWords(name: string, state: string | undefined): Span {
  if (state === undefined) return dim(`${name} ?`);
  if (state === "active") return good(name);
  if (state === "absent") return dim(`no ${name}`);
  return bad(`${name} ${state}`);
}

function endpointWords(endpoint: StatusEndpoint): Inline {
  const where = `${endpoint.address}:${String(endpoint.port)}`;
  const holders = endpoint.holders.length === 0 ? "no machine is seen holding it" : `held by ${endpoint.holders.join(" and ")}`;
  switch (endpoint.state) {
    case "answers":
      return [good("answers"), ` at ${where}, ${holders}`];
    case "answers-partly":
      return [
        warn("answers only partly"),
        ` at ${where}, ${holders}; not for ${endpoint.answers
          .filter((answer) => answer.outcome !== "ok")
          .map((answer) => `${answer.from} (${answer.outcome})`)
          .join(", ")}`,
      ];
    case "down":
      return [bad("down"), ` at ${where}, ${holders}`];
    case "unknown":
      return [warn("unknown"), ` at ${where}`];
    default:
      return endpoint.state satisfies never;
  }
}

function footBlocks(status: StatusDocument): readonly Block[] {
  const { nearestExpiry } = status;
  const expiry: Inline =
    nearestExpiry === undefined
      ? warn("unknown")
      : [
          nearestExpiry.daysLeft < 0
            ? bad(`expired ${count(-nearestExpiry.daysLeft, "day")} ago`)
            : nearestExpiry.daysLeft < 30
              ? warn(`first expires in ${count(nearestExpiry.daysLeft, "day")}`)
              : good(`first expires in ${count(nearestExpiry.daysLeft, "day")}`),
          ` ${nearestExpiry.host} ${nearestExpiry.path}`,
        ];
  const lost = status.backups?.lost === undefined ? undefined : lostWords(status.backups.lost, status.backups.store);
  return [
    ...(status.clusterIds.length > 1 ? [line([bad("MORE THAN ONE CLUSTER ANSWERS: "), status.clusterIds.join(", ")])] : []),
    line([strong("endpoint      "), ...(status.endpoint === undefined ? ["none configured"] : [endpointWords(status.endpoint)].flat())]),
    line([strong("certificates  "), ...[expiry].flat()]),
    line([strong("backup        "), ...backupWords(status.backups)]),
    ...(lost === undefined ? [] : [item(bad(lost))]),
    ...setBlocks(status.backups),
    ...scheduleBlocks(status.backups?.schedule, lost),
  ];
}

/** Why the newest one fails, and which ones may be newer. */
function setBlocks(backups: StatusDocument["backups"]): readonly Block[] {
  const { newest, passedOver = [] } = backups ?? {};
  return [
    ...(newest === undefined || newest.because === "" ? [] : [item([bad(`set ${newest.id}: `), newest.because])]),
    ...passedOver.flatMap((one) => [item(warn(one.because)), ...(one.command === undefined ? [] : [command(one.command, "see that one")])]),
  ];
}

/** A line more only where something is scheduled on this machine. */
function scheduleBlocks(schedule: ScheduleSummary | undefined, told: string | undefined): readonly Block[] {
  if (schedule === undefined) return [];
  return [line([strong("scheduled     "), ...scheduleWords(schedule)]), ...scheduleReason(schedule, told)];
}

function backupWords(backups: StatusDocument["backups"]): readonly (string | Span)[] {
  if (backups === undefined) return [warn("none configured"), dim(" (section `backup` of requorum.yaml)")];
  const { newest, lastProven } = backups;
  if (!backups.isSeen) return [warn("unknown"), ` in ${backups.store}`];
  if (newest === undefined) return [bad("there is no set"), ` in ${backups.store}`];
  const marks = newest.marks.length === 0 ? [] : [", ", warn(newest.marks.join(", "))];
  const proven =
    newest.standing === "fails"
      ? bad(newest.level === undefined ? "it fails" : `${newest.level} proven, and it fails`)
      : newest.level === undefined
        ? warn("nothing proven")
        : good(`${newest.level} proven`);
  const age = newest.ageSeconds === undefined ? bad(ageWords(newest)) : ageWords(newest);
  const older =
    lastProven === undefined || lastProven.id === newest.id
      ? []
      : [`; last proven ${lastProven.id}, ${ageWords(lastProven)}, ${lastProven.level ?? ""}`];
  const rto = (lastProven ?? newest).expectedRtoSeconds;
  const back = rto === undefined ? [] : [dim(`; back in ${secondsWords(rto)} in the last drill`)];
  return [`${newest.id}, `, age, ", ", proven, ...marks, ...older, ...back];
}

function unknownBlocks(status: StatusDocument): readonly Block[] {
  // A machine that is not reached hides everything on it: one line says so, instead of one for each probe.
  const silent = status.hosts.filter((host) => !host.reachable);
  const lines = [
    ...silent.map((host) => `everything on ${host.name}: no SSH session (${host.detail})`),
    ...status.unknown.filter((words) => !silent.some((host) => words.startsWith(`${host.name}: `))),
  ];
  if (lines.length === 0) return [];
  const limit = 8;
  const rest = lines.length - limit;
  return [
    gap,
    heading("not known (neither healthy nor dead)"),
    ...lines.slice(0, limit).map((words) => item(words)),
    ...(rest > 0 ? [line(dim(`and ${String(rest)} more: -o json shows all`), 4)] : []),
  ];
}

function nextBlocks(status: StatusDocument): readonly Block[] {
  const { openRun } = status;
  const resume: readonly Block[] =
    openRun === undefined
      ? []
      : [
          gap,
          {
            kind: "command",
            command: `requorum resume ${openRun.run}`,
            why: `run ${openRun.run} is not finished (${openRun.outcome}); to go on with it`,
            indent: 0,
          },
        ];
  if (status.verdict === "healthy" && status.findings.length === 0) return resume;
  return [...resume, gap, { kind: "command", command: "requorum diagnose", why: "next: what is wrong, and why", indent: 0 }];
}

/** For `--watch` without a terminal: one line per look. */
export function statusLine(status: StatusDocument, tookMs: number): Page {
  return [line([dim(`${timeWords(status.takenAt)}  `), ...verdictLine(status), dim(`  (${secondsWords(tookMs / 1000)})`)])];
}
