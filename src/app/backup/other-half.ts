/**
 * kubeadm: NAME.crt and NAME.key, sa.pub and sa.key; kubespray's etcd: NAME.pem
 * and NAME-key.pem. What a person set aside keeps its end: NAME.crt.bak and
 * NAME.key.bak.
 */
export function otherHalf(path: string): string | undefined {
  const { name, end } = split(path);
  const other = otherName(name);
  return other === undefined ? undefined : `${other}${end}`;
}

/** By its name, of a path that has another half: is it the one that nobody else may read? */
export function isSecretHalf(path: string): boolean {
  return /(?:\.key|-key\.pem)$/.test(split(path).name);
}

function split(path: string): { readonly name: string; readonly end: string } {
  const [, name = "", end = ""] = /^(.*\.(?:crt|key|pub|pem))([.~_-][^/]*)?$/.exec(path) ?? [];
  return { name, end };
}

function otherName(path: string): string | undefined {
  if (path.endsWith("/sa.key")) return path.replace(/key$/, "pub");
  if (path.endsWith("/sa.pub") || path.endsWith(".crt")) return path.replace(/(?:pub|crt)$/, "key");
  if (path.endsWith(".key")) return path.replace(/key$/, "crt");
  if (path.endsWith("-key.pem")) return path.replace(/-key\.pem$/, ".pem");
  return path.endsWith(".pem") ? path.replace(/\.pem$/, "-key.pem") : undefined;
}
