import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../run-program.ts";
import type { ImageSpec } from "./image-set.ts";

/**
 * Writes one docker-archive (a tar of manifest.json, image configurations and
 * layers; moby image specification v1.2) holding all `images`. Each image has
 * one layer, the tree `layersDir/LAYER`; images sharing a layer share its bytes.
 */
export async function writeImageArchive(options: {
  readonly images: readonly ImageSpec[];
  readonly layersDir: string;
  readonly scratchDir: string;
  readonly archivePath: string;
}): Promise<void> {
  const { images, layersDir, scratchDir, archivePath } = options;
  await mkdir(scratchDir, { recursive: true });
  const digests = new Map<string, string>();
  for (const layer of new Set(images.map((image) => image.layer))) {
    const tar = join(scratchDir, `${layer}.tar`);
    // Owner, time and order fixed: the same programs give the same layer.
    await runProgram({
      reason: `packing image layer ${layer}`,
      program: "tar",
      args: ["-C", join(layersDir, layer), "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "-cf", tar, "."],
      timeoutMs: 120_000, // 170 MB
    });
    digests.set(layer, await sha256OfFile(tar));
  }
  const manifest = [];
  for (const image of images) {
    const config = JSON.stringify({
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: { Env: ["PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"], Entrypoint: image.command },
      rootfs: { type: "layers", diff_ids: [`sha256:${digests.get(image.layer) ?? ""}`] },
      history: [{ created: "1970-01-01T00:00:00Z", created_by: "requorum lab" }],
    });
    const name = `${createHash("sha256").update(config).digest("hex")}.json`;
    await writeFile(join(scratchDir, name), config);
    manifest.push({ Config: name, RepoTags: [image.reference], Layers: [`${image.layer}.tar`] });
  }
  await writeFile(join(scratchDir, "manifest.json"), JSON.stringify(manifest));
  await runProgram({
    reason: "packing the image archive",
    program: "tar",
    args: ["-C", scratchDir, "-cf", archivePath, "."],
    timeoutMs: 120_000,
  });
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
