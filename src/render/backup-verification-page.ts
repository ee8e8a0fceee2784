import { proofLevels, type ProofLevel, type ProofOutcome } from "../model/backup-set.ts";
import type { BackupVerificationDocument } from "./backup-verification-document.ts";
import { bad, command, dim, gap, good, item, line, strong, warn, type Block, type Page, type Span } from "./page.ts";
import { secondsWords } from "./words.ts";

const levelWords: { readonly [L in ProofLevel]: string } = {
  V0: "stored",
  V1: "hashes and signature",
  V2: "structure and every object",
  V3: "the parts belong together",
  V4: "a real etcd serves it",
  V5: "a real kube-apiserver serves it",
};

export function verificationPage(seen: BackupVerificationDocument): Page {
  return [
    line([headline(seen), "  set ", strong(seen.id), dim(`  in ${seen.store}`)]),
    gap,
    ...seen.levels.flatMap((one) => levelBlocks(one)),
    ...aboveBlocks(seen),
    ...drillBlocks(seen),
    gap,
    line(
      seen.proof === undefined
        ? warn(
            `the proof was not written${seen.proofProblem === undefined ? ": there is no manifest to write it of" : `: ${seen.proofProblem}`}`,
          )
        : dim(`proof: ${seen.proof}`),
    ),
    ...nextBlocks(seen),
  ];
}

function headline({ levels, level, wanted }: BackupVerificationDocument): Span {
  const failing = levels.find(({ verdict }) => verdict === "fails");
  if (failing !== undefined) return bad(`${failing.level} fails`);
  if (level === undefined) return warn("nothing is proven");
  return proofLevels.indexOf(level) >= proofLevels.indexOf(wanted) ? good(`proven to ${level}`) : warn(`proven to ${level} only`);
}

const verdictSpans: { readonly [V in ProofOutcome["verdict"]]: Span } = {
  holds: good("holds    "),
  fails: bad("fails    "),
  "not-tried": dim("not tried"),
  unknown: warn("unknown  "),
};

function levelBlocks({ level, verdict, because, tookSeconds }: BackupVerificationDocument["levels"][number]): readonly Block[] {
  const isTold = verdict === "not-tried";
  const took = isTold ? "" : `  ${secondsWords(tookSeconds)}`;
  return [
    line([strong(level), "  ", verdictSpans[verdict], `  ${levelWords[level]}`, dim(isTold ? `: ${because.join("; ")}` : took)]),
    ...(isTold ? [] : because.map((reason) => item(reason, 4))),
  ];
}

/** What holds above a level that is not known to hold: worth knowing, and not what the set is proven to. */
function aboveBlocks({ levels }: BackupVerificationDocument): readonly Block[] {
  const broken = levels.findIndex(({ verdict }) => verdict !== "holds");
  const below = levels[broken];
  const above = levels.slice(broken + 1).filter(({ verdict }) => verdict === "holds");
  if (below === undefined || above.length === 0) return [];
  const [words, verb] = [above.map(({ level }) => level).join(" and "), above.length === 1 ? "holds, and does" : "hold, and do"];
  return [line(warn(`${words} ${verb} not count as reached: ${below.level} is not known to hold`))];
}

function drillBlocks({ drill, sandbox }: BackupVerificationDocument): readonly Block[] {
  const where = sandbox === undefined ? [] : [line(dim(`sandbox: ${sandbox}; it is gone`))];
  if (drill === undefined) return where.length === 0 ? [] : [gap, ...where];
  const api = drill.apiSeconds === undefined ? "" : `, the API ${secondsWords(drill.apiSeconds)}`;
  return [gap, line([strong(`etcd answered ${secondsWords(drill.etcdSeconds)} after the first byte was fetched${api}`)]), ...where];
}

function nextBlocks(seen: BackupVerificationDocument): readonly Block[] {
  if (seen.levels.some(({ verdict }) => verdict === "fails"))
    return [command("requorum backup list", "other sets, and what is proven of them"), command("requorum backup create", "make a new set")];
  // What keeps a level from being tried, as a key that is not here, keeps a drill from it too.
  const isReached = seen.level !== undefined && seen.level >= seen.wanted;
  if (!isReached || seen.level === "V5") return [];
  return [command(`requorum backup drill ${seen.id}`, "restore it into a sandbox, and measure")];
}
