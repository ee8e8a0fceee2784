import { copyFile, cp, mkdir, readdir, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exists } from "../programs/cache-entry.ts";
import { kubernetesPrograms } from "../programs/program-versions.ts";
import { runProgram } from "../run-program.ts";

export interface LayerSources {
  readonly baseImage: string;
  readonly kubenodeDir: string;
  readonly etcdDir: string;
  readonly pauseDir: string;
}

/** Programs that kube-proxy runs, from the base image. */
const proxyPrograms = ["/usr/sbin/xtables-nft-multi", "/usr/sbin/xtables-legacy-multi", "/usr/sbin/conntrack", "/usr/sbin/nft"] as const;
/** The tools of Debian's `iptables` package; links to the alternatives of the base image are made straight here. */
const iptablesLinks = ["iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"] as const;
const machineLibraries = "usr/lib/x86_64-linux-gnu";

/** Lays out the file trees of the images' layers below `directory`, one folder per layer. */
export async function layOutLayers(directory: string, sources: LayerSources): Promise<void> {
  await kubernetesLayer(join(directory, "kubernetes"), sources);
  for (const name of ["etcd", "etcdctl", "etcdutl"]) await put(join(sources.etcdDir, name), join(directory, "etcd", "usr/local/bin", name));
  await put(join(sources.pauseDir, "pause"), join(directory, "pause", "pause"));
  await busyboxLayer(join(directory, "busybox"), sources.baseImage);
}

async function kubernetesLayer(layer: string, sources: LayerSources): Promise<void> {
  await put(join(sources.kubenodeDir, "kubenode"), join(layer, "usr/local/bin/kubenode"));
  for (const name of kubernetesPrograms) await symlink("kubenode", join(layer, "usr/local/bin", name));
  // Debian's merged /usr: programs and the loader find their libraries by the old names.
  for (const name of ["bin", "sbin", "lib", "lib64"]) await symlink(`usr/${name}`, join(layer, name));
  for (const path of proxyPrograms) await put(join(sources.baseImage, path), join(layer, path));
  for (const name of iptablesLinks) await symlink("xtables-nft-multi", join(layer, "usr/sbin", name));
  // The plug-ins of iptables have libraries of their own (statistic needs libm).
  const plugins = (await readdir(join(sources.baseImage, machineLibraries, "xtables")))
    .filter((name) => name.endsWith(".so"))
    .map((name) => `/${machineLibraries}/xtables/${name}`);
  for (const path of await librariesOf(sources.baseImage, [...proxyPrograms, ...plugins]))
    await put(join(sources.baseImage, path), join(layer, path));
  await cp(join(sources.baseImage, machineLibraries, "xtables"), join(layer, machineLibraries, "xtables"), {
    recursive: true,
    verbatimSymlinks: true,
  });
  await mkdir(join(layer, "run"), { recursive: true });
}

async function busyboxLayer(layer: string, baseImage: string): Promise<void> {
  await put(join(baseImage, "usr/bin/busybox"), join(layer, "bin/busybox"));
  for (const name of ["sh", "sleep", "wget", "httpd", "cat", "echo", "date", "test", "mkdir", "nslookup", "ls", "hostname"])
    await symlink("busybox", join(layer, "bin", name));
  for (const name of ["tmp", "www", "etc"]) await mkdir(join(layer, name), { recursive: true });
}

async function put(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, target);
}

/** Paths inside the image, as its own loader resolves them. */
async function librariesOf(baseImage: string, programs: readonly string[]): Promise<readonly string[]> {
  const listed = await runProgram({
    reason: "listing libraries",
    program: "chroot",
    args: [baseImage, "ldd", ...programs],
    timeoutMs: 30_000,
  });
  const paths = new Set<string>();
  for (const match of listed.stdout.matchAll(/(?:=> )?(\/\S+\.so\S*) \(0x/g)) paths.add(match[1] ?? "");
  const nameServices = (await readdir(join(baseImage, machineLibraries))).filter((name) => name.startsWith("libnss_files"));
  for (const name of nameServices) paths.add(`/${machineLibraries}/${name}`);
  const resolved: string[] = [];
  for (const path of paths) {
    // ldd answers /lib/…; the same file is /usr/lib/… with merged /usr.
    const merged = path.startsWith("/usr/") ? path : `/usr${path}`;
    if (basename(merged) !== "" && (await exists(join(baseImage, merged)))) resolved.push(merged);
  }
  return resolved;
}
