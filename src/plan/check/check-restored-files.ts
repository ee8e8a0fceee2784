/** What a plan that puts files of a backup set back must keep: I-G4, I-S7, I-S11, I-S16. */
import type { ClusterModel } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import type { PlannedStep } from "../../model/plan.ts";
import type { DoubtedFile, RestoreAcceptance, RestoreDoubt } from "../../model/restore-doubt.ts";
import type { SharedKey } from "../../model/restored-file.ts";
import { momentsOf, objection, type PlanCheck, type PlanObjection } from "./plan-objection.ts";

type RestoreStep = PlannedStep<"host.restoreFiles">;

/** Files are only restored by a plan that was asked for just that, of that set, on that machine; and such a plan does nothing else. */
export const restoresWhatWasAsked: PlanCheck = {
  invariant: "I-G4",
  check: ({ plan }) => {
    const { goal } = plan;
    return plan.steps.flatMap((step) => {
      if (goal.kind !== "restore-parts")
        return step.kind === "host.restoreFiles" ? [objection("I-G4", "nobody asked for files of a backup set", step)] : [];
      if (step.kind !== "host.restoreFiles") return [objection("I-G4", "the plan was asked for nothing but files of a backup set", step)];
      const { host, set, accepts, files } = step.args;
      const isAccepted = accepts.every(({ doubt, files: covered }) =>
        covered.every(({ path }) => {
          const isTyped = goal.accepts.includes(doubt) || goal.accepts.includes(`${doubt}=${path}` as RestoreAcceptance);
          return isTyped && files.some((file) => file.path === path);
        }),
      );
      return host === goal.host && set === goal.set && isAccepted
        ? []
        : [objection("I-G4", "machine, set, or what is accepted are not those that were asked for", step)];
    });
  },
};

const forbiddenTops = ["dev", "proc", "sys", "run", "boot"];

/** Each file once, at a plain path, in place of what was seen there; nothing gets rights that it must not have. */
export const restoredFilesAreSeen: PlanCheck = {
  invariant: "I-S7",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step }) => {
      const { files, directories, companions, host } = step.args;
      const paths = [...files, ...directories].map(({ path }) => path);
      const seen = checked.plan.start.hosts.find(({ name }) => name === host)?.files ?? [];
      const objections: PlanObjection[] = [];
      if (files.length === 0) objections.push(objection("I-S7", "the step names no file", step));
      for (const path of paths.filter((one) => !isFilePath(one)))
        objections.push(objection("I-S7", `${JSON.stringify(path)} is no path that may be restored`, step));
      if (new Set(paths).size !== paths.length) objections.push(objection("I-S7", "a path is named twice", step));
      for (const { path, was } of companions) {
        const state = seen.find((file) => file.path === path)?.state;
        if (state === undefined || textOf(state) !== textOf(was) || files.some((file) => file.path === path))
          objections.push(objection("I-S7", `${path}, beside which files are put back, was not seen on ${host} as the step says`, step));
      }
      for (const { path, was, becomes } of files) {
        const state = seen.find((file) => file.path === path)?.state;
        if (state === undefined || textOf(state) !== textOf(was))
          objections.push(objection("I-S7", `${path} was not seen on ${host} as the step says`, step));
        if (was.kind === "other") objections.push(objection("I-S7", `${path} on ${host} is nothing that is kept aside and replaced`, step));
        if (becomes.kind === "file" && (becomes.mode & 0o7000) !== 0)
          objections.push(objection("I-S7", `${path} would get set-id bits`, step));
      }
      return objections;
    }),
};

/** Two paths of the same state have the same text, whatever the order of its fields. */
function textOf(state: object): string {
  return JSON.stringify(Object.entries(state).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isFilePath(path: string): boolean {
  const [first, ...parts] = path.split("/");
  const isPlain = first === "" && parts.every((part) => part !== "" && part !== "." && part !== "..");
  const isText = !/\p{Cc}/u.test(path);
  return isPlain && isText && parts.length >= 2 && !forbiddenTops.includes(parts[0] ?? "") && !path.startsWith("/var/lib/requorum");
}

/** Certificates and keys of another CA take a machine out of its cluster: the plan must rest on a living machine that has this one. */
export const restoredCaIsTheClusters: PlanCheck = {
  invariant: "I-S16",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step }) => {
      const { files, authorities, host } = step.args;
      const dependent = files.filter((file) => isOfSomeCa(file, step));
      const seen = authorities.map((authority) => ({ ...authority, ...holdersOf(checked.plan.start.hosts, host, authority) }));
      const judged = dependent.map((file) => {
        const { path, issued } = file;
        const judges =
          issued === undefined
            ? seen
            : issued.notRead !== undefined
              ? []
              : seen.filter(
                  (one) =>
                    one.path === issued.authority && isNoStrangerToEtcd(file, one.path, authorities) && isSignerOf(file, one, authorities),
                );
        const isProven = judges.some(({ agreeing }) => agreeing > 0) && judges.every(({ others }) => others.length === 0);
        return { path, issued, judges, isOpen: !isProven && !isCovered(step, { doubt: "OTHER_CA", path, seen: judges }) };
      });
      const foreign = judged
        .filter(({ issued, judges }) => issued !== undefined && judges.length === 0)
        .filter(({ path, issued }) => !isSaid(step, { doubt: "OTHER_CA", path, words: issued?.notRead ?? issued?.by ?? "" }))
        .map(({ path }) => objection("I-S16", `it is not proven that a CA by which other machines judge it has signed ${path}`, step));
      foreign.push(
        ...files.flatMap((file) =>
          isToldAsItIs(file, authorities)
            ? []
            : [objection("I-S16", `what the step says of ${file.path} and of the CAs does not fit together`, step)],
        ),
      );
      const open = judged.filter(({ isOpen }) => isOpen);
      if (open.length === 0) return foreign;
      if (authorities.length === 0) return [objection("I-S16", "nothing says of which CA the restored certificates are", step)];
      const doubted = new Set(open.flatMap(({ judges }) => judges));
      return [...foreign, ...[...doubted].flatMap((authority) => authorityProblems(authority, step))];
    }),
};

/** By kind, by what the step says of it, or by where it lies: where programs have their CAs every file is of one. */
function isOfSomeCa({ path, kind, issued }: RestoreStep["args"]["files"][number], { args }: RestoreStep): boolean {
  if (kind === "pki" || kind === "kubeconfig" || issued !== undefined || args.authorities.some((one) => one.path === path)) return true;
  return kind !== "encryption-config" && (/^\/etc\/(?:kubernetes\/(?:pki|ssl)|ssl\/etcd)\//.test(path) || shownByName.test(path));
}

/** What its program shows, by kubeadm's names and those of etcd as a service: signed by a CA, whatever the step calls it. */
const shownByName =
  /^(?:\/etc\/kubernetes\/(?:(?:admin|super-admin|controller-manager|scheduler|kubelet)\.conf|(?:pki|ssl)\/(?:apiserver|apiserver-kubelet-client|apiserver-etcd-client|front-proxy-client|etcd\/(?:server|peer|healthcheck-client))\.crt)|\/var\/lib\/kubelet\/pki\/kubelet-client-current\.pem|\/etc\/etcd\/(?:pki\/|ssl\/)?(?:server|peer)\.(?:crt|pem))$/;

/** A CA is put back as the one by which it is judged; and of what holds a certificate and is shown it must be said who signed it. */
function isToldAsItIs({ path, becomes, ends, issued }: RestoreStep["args"]["files"][number], authorities: Authorities): boolean {
  if (becomes.kind === "file" && authorities.some((one) => one.path === path && one.tag !== becomes.tag)) return false;
  return ends === undefined || issued !== undefined || !shownByName.test(path);
}

type Authorities = RestoreStep["args"]["authorities"];

/** kubeadm's names say which CA signs it; where the machine has that one no other is proof. */
function isSignerOf(
  { path, becomes }: RestoreStep["args"]["files"][number],
  authority: Authorities[number],
  authorities: Authorities,
): boolean {
  const [, dir = "", leaf = ""] = /^(\/etc\/kubernetes\/(?:pki|ssl))\/([^/]*)\.(?:crt|key)$/.exec(path) ?? [];
  const signers: { readonly [leaf: string]: string } = {
    apiserver: "ca",
    "apiserver-kubelet-client": "ca",
    "apiserver-etcd-client": "etcd/ca",
    "front-proxy-client": "front-proxy-ca",
  };
  const isAt = ({ path: at, through = [] }: Authorities[number], places: readonly string[]): boolean =>
    places.includes(at) || through.some((link) => places.includes(link.path));
  const isRight = (places: readonly string[]): boolean => isAt(authority, places) || !authorities.some((one) => places.includes(one.path));
  if (Object.hasOwn(signers, leaf) && becomes.kind === "file")
    return isRight(["crt", "pem"].map((end) => `${dir}/${signers[leaf] ?? ""}.${end}`));
  if (!/\.conf$|\/kubelet-client-current\.pem$/.test(path) || !shownByName.test(path)) return true;
  const clusters = ["pki", "ssl"].flatMap((name) => ["crt", "pem"].map((end) => `/etc/kubernetes/${name}/ca.${end}`));
  return !/\/etcd\/|\/front-proxy-ca\./.test(authority.path) || isRight(clusters);
}

/** Beside etcd's own ca.crt no other CA of that directory says whether members take a certificate; a CA and its key are judged by itself. */
function isNoStrangerToEtcd(
  { path, becomes }: RestoreStep["args"]["files"][number],
  authority: string,
  authorities: RestoreStep["args"]["authorities"],
): boolean {
  const [, dir = ""] = /^(\/etc\/(?:kubernetes\/(?:pki|ssl)\/etcd|ssl\/etcd(?:\/ssl)?|etcd(?:\/(?:pki|ssl))?))\/[^/]*$/.exec(path) ?? [];
  const own = [`${dir}/ca.crt`, `${dir}/ca.pem`];
  const stemOf = (name: string): string => name.replace(/(?:-key)?\.[a-z]+$/, "");
  // A link to a CA has that CA's judgement; of one with a member's own name another CA beside etcd's is none.
  const isOther = becomes.kind === "symlink" && !(shownByName.test(path) && authority.startsWith(`${dir}/`));
  if (dir === "" || isOther || stemOf(path) === stemOf(authority)) return true;
  return own.includes(authority) || !authorities.some((one) => own.includes(one.path));
}

type Holders = ReturnType<typeof holdersOf>;

/** Accepted with each machine that was seen with another file, and which; and, where no machine has it, as not known. */
function isCovered(
  step: RestoreStep,
  {
    doubt,
    path,
    seen,
  }: { readonly doubt: RestoreDoubt; readonly path: string; readonly seen: readonly (Holders & { readonly path: string })[] },
): boolean {
  return acceptedOf(step, doubt, path).some(({ against, notKnown }) =>
    seen.every(
      (one) =>
        one.others.every(({ name, path: at, tag }) =>
          against.some((other) => other.host === name && other.path === at && other.tag === tag),
        ) &&
        (one.agreeing > 0 || one.others.length > 0 || notKnown.includes(one.path)),
    ),
  );
}

function isSaid(
  step: RestoreStep,
  { doubt, path, words }: { readonly doubt: RestoreDoubt; readonly path: string; readonly words: string },
): boolean {
  return acceptedOf(step, doubt, path).some(({ says }) => says?.includes(words) === true);
}

function acceptedOf(step: RestoreStep, doubt: RestoreDoubt, path: string): readonly DoubtedFile[] {
  return step.args.accepts.filter((one) => one.doubt === doubt).flatMap(({ files }) => files.filter((file) => file.path === path));
}

function authorityProblems({ path, agreeing, others }: Holders & { readonly path: string }, step: RestoreStep): readonly PlanObjection[] {
  if (others.length > 0) return others.map(({ name }) => objection("I-S16", `${name} has another ${path} than the set`, step));
  return agreeing > 0 ? [] : [objection("I-S16", `no other machine was seen with the ${path} of the set`, step)];
}

/** Machines that have a file of other content there, or in place of a link on the way; a link, or what could not be looked at, says neither. */
function holdersOf(
  hosts: ClusterModel["hosts"],
  host: HostName,
  { path, tag, through = [] }: SharedKey,
): { readonly agreeing: number; readonly others: readonly { readonly name: HostName; readonly path: string; readonly tag: string }[] } {
  let agreeing = 0;
  const others: { readonly name: HostName; readonly path: string; readonly tag: string }[] = [];
  for (const { name, files = [] } of hosts) {
    const stateAt = (at: string) => (name === host ? undefined : files.find((file) => file.path === at)?.state);
    const plain = [...through, { path }].flatMap((one) => {
      const state = stateAt(one.path);
      return state?.kind === "file" ? [{ name, path: one.path, tag: state.tag }] : [];
    });
    const differing = plain.filter((one) => one.tag !== tag);
    others.push(...(tag === undefined ? [] : differing));
    const leadsAway = through.some((link) => {
      const state = stateAt(link.path);
      return state?.kind !== "file" && !(state?.kind === "symlink" && state.tag === link.tag);
    });
    const needed = plain.some((one) => one.path === path) || plain.length === through.length;
    if (plain.length > 0 && differing.length === 0 && !leadsAway && needed) agreeing += 1;
  }
  return { agreeing, others };
}

/** By its own name and kind too, whatever the step says of it. */
function sharedKeysIn({ path, kind, becomes, shared = [] }: RestoreStep["args"]["files"][number]): readonly SharedKey[] {
  const isNamedSo = kind === "encryption-config" || /\/(?:sa\.(?:key|pub)|service-account(?:-key)?\.pem)$/.test(path);
  const isToldOf =
    becomes.kind === "symlink"
      ? shared.some(({ through = [] }) => through.some((link) => link.path === path))
      : shared.some((key) => key.path === path && key.tag === becomes.tag);
  return isNamedSo && !isToldOf ? [...shared, { path, tag: becomes.tag }] : shared;
}

/** Tokens and data at rest that one control plane writes are read by all: the plan must rest on another one with the same keys. */
export const restoredKeysAreTheClusters: PlanCheck = {
  invariant: "I-S16",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step }) => {
      const { host, files } = step.args;
      const controlPlanes = checked.plan.start.hosts.filter(({ roles }) => roles.includes("control-plane"));
      return files.flatMap((file) => {
        const { path, was, becomes } = file;
        if (was.kind === becomes.kind && was.tag === becomes.tag) return [];
        const open = sharedKeysIn(file)
          .map((key) => ({ path: key.path, ...holdersOf(controlPlanes, host, key) }))
          .filter(({ others, agreeing }) => others.length > 0 || agreeing === 0);
        if (open.length === 0 || isCovered(step, { doubt: "OTHER_KEYS", path, seen: open })) return [];
        return [objection("I-S16", `it is not proven that the other control-plane machines have the ${path} of the set`, step)];
      });
    }),
};

export const restoredCertificatesHaveNotEnded: PlanCheck = {
  invariant: "I-S16",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step }) =>
      step.args.files.flatMap(({ path, ends }) => {
        if (ends === undefined || Date.parse(ends.becomes) > Date.parse(checked.plan.createdAt)) return [];
        return isSaid(step, { doubt: "EXPIRED", path, words: ends.becomes })
          ? []
          : [objection("I-S16", `a certificate of ${path} in the set has ended, and nobody was told so`, step)];
      }),
    ),
};

/** The kubelet starts, restarts and stops pods by what lies there, etcd among them. */
export const noManifestIsRestored: PlanCheck = {
  invariant: "I-S11",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step }) =>
      step.args.files
        .filter(({ path }) => /^\/etc\/kubernetes\/manifests(?:\/|$)/.test(path))
        .map(({ path }) => objection("I-S11", `the kubelet of ${step.args.host} could start etcd from ${path}`, step)),
    ),
};
