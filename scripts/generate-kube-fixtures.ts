/**
 * Writes test/fixtures/kubernetes: objects that Kubernetes' own serializers
 * wrote, values that its own transformers sealed, and YAML as kubectl prints
 * it. Needs Go; the unit tests need only the files.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { storedObjectLines } from "../test/support/kube-fixtures.ts";
import { kubeTypesProgram, newestKubeTypes, runKubeTypes } from "../test/support/kube-vectors.ts";

const folder = resolve(import.meta.dirname, "../test/fixtures/kubernetes");
mkdirSync(folder, { recursive: true });
const write = (name: string, text: string): void => {
  const bytes = brotliCompressSync(text);
  writeFileSync(join(folder, name), bytes);
  process.stdout.write(
    `${name}: ${String(Math.ceil(bytes.length / 1024))} KiB, sha256 of its text ${createHash("sha256").update(text).digest("hex")}\n`,
  );
};
const program = await kubeTypesProgram(newestKubeTypes());
write("stored-objects.jsonl.br", (await storedObjectLines()).join("\n"));
write("yaml.jsonl.br", runKubeTypes(program, "strings", "1", "600"));
write("sealed-values.jsonl.br", runKubeTypes(program, "sealed", "1", "20"));
