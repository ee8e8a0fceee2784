import { hostMountsOf, listOf, parsedOrNothing, pathOnMachine, podSpec, recordOf } from "../../formats/machine/host-mounts.ts";
import { cleanPath, isAtOrBelow } from "../../model/host-path.ts";

/** Files that a machine's own configuration names, and that may lie anywhere on it. */
export interface NamedFiles {
  /** What programs of the control plane are told to read. */
  readonly ofPods: readonly string[];
  /** The API server's `--encryption-provider-config`, on the machine. */
  readonly encryptionConfigs: readonly string[];
  /** What all API servers and controller managers must have alike: the encryption configuration, and the keys of service accounts. */
  readonly sharedKeys: readonly string[];
  /** The manifest is that of an API server; `version`: "v1.34.4", by the tag of its image. */
  readonly apiServer: { readonly version: string | undefined } | undefined;
}

/**
 * Flags of the containers of one static pod that name a file, with the path
 * that its volumes give it on the machine. A manifest that cannot be
 * understood names none: that it is in the set as it is says what it is.
 */
export function filesNamedByManifest(text: string): NamedFiles {
  const spec = podSpec(text);
  if (spec === undefined) return { ofPods: [], encryptionConfigs: [], sharedKeys: [], apiServer: undefined };
  const ofPods: string[] = [];
  const encryptionConfigs: string[] = [];
  const sharedKeys: string[] = [];
  let apiServer: NamedFiles["apiServer"];
  for (const { container, mounts } of hostMountsOf(spec)) {
    // A shell's command is one word with its own signs, and a flag and its value may be two.
    const words = [...listOf(container["command"]), ...listOf(container["args"])].flatMap((word) =>
      typeof word === "string" ? word.split(/[\s;|&(){}]+/).map((part) => part.replaceAll(/^["']+|(?<!["'])["']+$/g, "")) : [],
    );
    if (words.some((word) => /^(?:.*\/)?kube-apiserver$/.test(word)))
      apiServer = { version: /:(v\d+\.\d+\.\d+)(?!\d)[^:/]*$/.exec(String(container["image"]))?.[1] };
    for (const [at, word] of words.entries()) {
      const found = /^--([a-z0-9_-]+)=["']?(\/[^,]+)$/.exec(word) ?? /^--([a-z0-9_-]+) (\/[^,]+)$/.exec(`${word} ${words[at + 1] ?? ""}`);
      const [, name = "", path = ""] = found ?? [];
      const flag = name.replaceAll("_", "-");
      // Not where something is written to: logs and data.
      if (found === null || !/(file|config|kubeconfig|cert|key|ca)$/.test(flag)) continue;
      const place = pathOnMachine(path, mounts);
      if (place === undefined) continue;
      ofPods.push(place);
      if (flag === "encryption-provider-config") encryptionConfigs.push(place);
      if (sharedKeyFlag.test(flag)) sharedKeys.push(place);
    }
  }
  return { ofPods: [...new Set(ofPods)], encryptionConfigs, sharedKeys, apiServer };
}

/** Of kube-apiserver, and of kube-controller-manager, which signs the tokens that live in Secrets. */
const sharedKeyFlag = /^(?:(?:experimental-)?encryption-provider-config|service-account-(?:signing-key|private-key|key)-file)$/;

/** Kubernetes' own file of keys for encryption at rest, by its form. */
export function isEncryptionConfiguration(text: string): boolean {
  return (
    /^kind:\s*["']?Encryption(?:Configuration|Config)["']?\s*$/m.test(text) ||
    recordOf(parsedOrNothing(text))?.["kind"] === "EncryptionConfiguration"
  );
}

/** Programs of the distribution are installed again, not restored. */
const programPlaces = ["/bin", "/sbin", "/usr/bin", "/usr/sbin"];

/** Check and notify scripts, and included files, of keepalived's configuration. */
export function filesNamedByKeepalived(text: string): readonly string[] {
  const found = [...text.matchAll(/^[ \t]*(?:script|notify\w*|include)[ \t]+(?:"[ \t]*)?(\/[^\s"';|&*]+)/gm)].flatMap(
    ([, path = ""]) => cleanPath(path) ?? [],
  );
  return [...new Set(found.filter((path) => !programPlaces.some((place) => isAtOrBelow(path, place))))];
}

/** Certificates, authorities, error pages and maps of HAProxy's configuration; of a relative one the base that is set for it. */
export function filesNamedByHaproxy(text: string): readonly string[] {
  const baseOf = (word: string): string => new RegExp(`^[ \\t]*${word}[ \\t]+["']?(/[^\\s"'#]+)`, "m").exec(text)?.[1] ?? "";
  const [certificates, authorities] = [baseOf("crt-base"), baseOf("ca-base")];
  const words = /(?:^|[ \t])(crt|crt-list|ca-file|ca-verify-file|crl-file|errorfile[ \t]+\d{3}|lua-load)[ \t]+["']?([^\s"'#]+)/gm;
  const found = [...text.matchAll(words)].flatMap(([, word = "", path = ""]) => {
    const base = word === "crt" ? certificates : authorities;
    return cleanPath(path.startsWith("/") ? path : `${base}/${path}`) ?? [];
  });
  return [...new Set(found.filter((path) => path.lastIndexOf("/") > 0))];
}
