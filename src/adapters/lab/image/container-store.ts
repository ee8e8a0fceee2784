import { createHash } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReportProgress } from "../../../model/progress-event.ts";
import { cacheEntry, exists } from "../programs/cache-entry.ts";
import { runProgram } from "../run-program.ts";
import { writeImageArchive } from "./image-archive.ts";
import { layOutLayers, type LayerSources } from "./image-layers.ts";
import { imageSet } from "./image-set.ts";

/** Changes when the recipe of this file or of the layers changes. */
const recipe = 4;
/** Content blobs and unpacked layers are never written again once they are complete (containerd names them by digest or mounts them as overlay lowers), so machines may share them by hard link. */
const sharedParts = ["io.containerd.content.v1.content/blobs", "io.containerd.snapshotter.v1.overlayfs/snapshots"] as const;

export interface ContainerStoreOptions extends LayerSources {
  readonly cacheDir: string;
  readonly versions: { readonly kubernetes: string; readonly etcd: string };
  readonly report: ReportProgress;
}

/**
 * A /var/lib/containerd that has all images imported and unpacked, made once
 * per set of programs by running the base image's containerd over it. A machine
 * gets a copy (`copyContainerStore`) instead of importing 400 MB itself.
 */
export async function containerStore(options: ContainerStoreOptions): Promise<string> {
  const images = imageSet(options.versions);
  const identity = JSON.stringify([recipe, images, options.kubenodeDir, options.etcdDir, options.pauseDir, options.baseImage]);
  const key = createHash("sha256").update(identity).digest("hex").slice(0, 8);
  const target = join(options.cacheDir, "images", `containerd-${options.versions.kubernetes}-${options.versions.etcd}-${key}`);
  if (await exists(target)) return target;
  return cacheEntry(target, async (directory) => {
    const scratch = `${directory}.scratch`;
    await rm(scratch, { recursive: true, force: true });
    try {
      options.report({ kind: "phase", text: "packing the container images (about 15 s, once per version)" });
      await layOutLayers(join(scratch, "layers"), options);
      const archivePath = join(scratch, "images.tar");
      await writeImageArchive({ images, layersDir: join(scratch, "layers"), scratchDir: join(scratch, "archive"), archivePath });
      options.report({ kind: "phase", text: "importing the container images (about 10 s, once per version)" });
      await importInto(directory, options.baseImage, archivePath, scratch);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

/**
 * Runs the image's own containerd with `directory` as its root, in mount, PID
 * and network namespaces of its own, and imports the archive. When the shell
 * ends, the PID namespace takes containerd with it.
 */
async function importInto(directory: string, baseImage: string, archivePath: string, scratch: string): Promise<void> {
  const mountPoint = join(scratch, "root");
  await mkdir(mountPoint, { recursive: true });
  await mkdir(join(scratch, "upper"));
  await mkdir(join(scratch, "work"));
  const config = 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n';
  await writeFile(join(scratch, "config.toml"), config);
  const script = `set -eu
mount -t overlay overlay -o lowerdir=${baseImage},upperdir=${scratch}/upper,workdir=${scratch}/work ${mountPoint}
mkdir -p ${mountPoint}/var/lib/containerd ${mountPoint}/import
mount --bind ${directory} ${mountPoint}/var/lib/containerd
mount --bind ${scratch} ${mountPoint}/import
mount -t proc proc ${mountPoint}/proc
mount -t tmpfs tmpfs ${mountPoint}/run
mount --rbind /dev ${mountPoint}/dev
chroot ${mountPoint} /usr/bin/containerd --config /import/config.toml --log-level error </dev/null &
containerd=$!
for attempt in $(seq 100); do
  chroot ${mountPoint} ctr version </dev/null >/dev/null 2>&1 && break
  sleep 0.1
done
chroot ${mountPoint} ctr -n k8s.io images import /import/images.tar </dev/null
kill $containerd
wait $containerd || true
`;
  await runProgram({
    reason: "importing the container images",
    program: "unshare",
    args: ["--mount", "--pid", "--net", "--fork", "--kill-child", "sh"],
    stdin: script,
    timeoutMs: 300_000, // 10 s on an idle machine
  });
}

/** Copies the store for one machine: immutable parts by hard link, databases by value. */
export async function copyContainerStore(store: string, target: string): Promise<void> {
  await runProgram({ reason: "copying the container store", program: "cp", args: ["-al", store, target], timeoutMs: 120_000 });
  for (const path of await mutableFiles(store)) {
    await rm(join(target, path));
    await runProgram({
      reason: "copying the container store",
      program: "cp",
      args: ["-a", join(store, path), join(target, path)],
      timeoutMs: 60_000,
    });
  }
}

async function mutableFiles(store: string): Promise<readonly string[]> {
  const entries = await readdir(store, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(store.length + 1))
    .filter((path) => !sharedParts.some((part) => path.startsWith(`${part}/`)));
}
