/** The committed corpus of stored objects: how it is made, and how it is read. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { kubeTypesModules } from "../../src/adapters/lab/programs/kube-types-modules.ts";
import { parseKubeJson } from "../../src/formats/kubernetes/parse-kube-json.ts";
import { bytesOf, kubeTypesProgram, kubeVector, linesOf, runKubeTypes, textOf } from "./kube-vectors.ts";

const folder = resolve(import.meta.dirname, "../fixtures/kubernetes");

export interface StoredObjectFixture {
  readonly kind: string;
  readonly value: Uint8Array;
  /** Of what kubectl prints for it: that says every field, and its place. */
  readonly yamlSha256: string;
}

export function fixtureLines(name: string): string[] {
  return linesOf(brotliDecompressSync(readFileSync(resolve(folder, name))).toString("utf8"));
}

export function storedObjectFixtures(): StoredObjectFixture[] {
  return fixtureLines("stored-objects.jsonl.br").map((line) => {
    const parsed = parseKubeJson(line);
    return { kind: textOf(parsed, "kind"), value: bytesOf(parsed, "value"), yamlSha256: textOf(parsed, "yamlSha256") };
  });
}

/** Three objects of every kind of the newest version, and of the kinds that only older ones have: all fields, none, some. */
export async function storedObjectLines(): Promise<string[]> {
  const kinds = new Set<string>();
  const lines: string[] = [];
  for (const module of kubeTypesModules.toReversed()) {
    const program = await kubeTypesProgram(module);
    const vectors = linesOf(runKubeTypes(program, "vectors", "1", "3")).map(kubeVector);
    for (const vector of vectors.filter(({ kind }) => !kinds.has(kind)))
      lines.push(
        JSON.stringify({ kind: vector.kind, value: Buffer.from(vector.value).toString("base64"), yamlSha256: sha256(vector.yaml) }),
      );
    for (const { kind } of vectors) kinds.add(kind);
  }
  return lines;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
