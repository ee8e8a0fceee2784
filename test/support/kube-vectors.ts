/**
 * Objects that Kubernetes' own serializers wrote (tools/kube-types), to hold
 * our decoder and our YAML against.
 */
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { buildPrograms } from "../../src/adapters/lab/programs/build-programs.ts";
import { kubeTypesModules } from "../../src/adapters/lab/programs/kube-types-modules.ts";
import type { ProgramModule } from "../../src/adapters/lab/programs/program-versions.ts";
import { isKubeObject, textAt, valueAt, type KubeJson, type KubeObject } from "../../src/formats/kubernetes/kube-json.ts";
import { parseKubeJson } from "../../src/formats/kubernetes/parse-kube-json.ts";

const root = resolve(import.meta.dirname, "../..");

export interface KubeVector {
  /** "apps/v1 Deployment". */
  readonly kind: string;
  /** As the API server stores it. */
  readonly value: Uint8Array;
  readonly json: KubeObject;
  /** As kubectl prints it. */
  readonly yaml: string;
}

export interface SealedVector {
  readonly provider: "aescbc" | "aesgcm" | "secretbox";
  readonly keyName: string;
  readonly secret: Uint8Array;
  readonly etcdKey: string;
  readonly plain: Uint8Array;
  readonly value: Uint8Array;
}

/** The program of one version, oldest first in kubeTypesModules; built once into the cache. */
export async function kubeTypesProgram(module: ProgramModule): Promise<string> {
  const cacheDir = join(process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "/root", ".cache"), "requorum");
  const directory = await buildPrograms(module, { toolsDir: join(root, "tools"), cacheDir, report: () => undefined });
  return join(directory, "kube-types");
}

export function newestKubeTypes(): ProgramModule {
  const module = kubeTypesModules.at(-1);
  if (module === undefined) throw new Error("no version of Kubernetes");
  return module;
}

export function runKubeTypes(program: string, ...args: readonly string[]): string {
  return execFileSync(program, [...args], { encoding: "utf8", maxBuffer: 1 << 30 });
}

/** Of the lines that the program prints, or of a fixture. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

export function kubeVector(line: string): KubeVector {
  const parsed = parseKubeJson(line);
  const json = valueAt(parsed, "json") ?? null;
  if (!isKubeObject(json)) throw new Error("a vector without its JSON");
  return { kind: textOf(parsed, "kind"), value: bytesOf(parsed, "value"), json, yaml: textOf(parsed, "yaml") };
}

export function sealedVector(line: string): SealedVector {
  const parsed = parseKubeJson(line);
  const provider = textOf(parsed, "provider");
  if (provider !== "aescbc" && provider !== "aesgcm" && provider !== "secretbox") throw new Error(`provider ${provider}`);
  return {
    provider,
    keyName: textOf(parsed, "keyName"),
    secret: bytesOf(parsed, "secret"),
    etcdKey: textOf(parsed, "etcdKey"),
    plain: bytesOf(parsed, "plain"),
    value: bytesOf(parsed, "value"),
  };
}

export function textOf(parsed: KubeJson, name: string): string {
  const text = textAt(parsed, name);
  if (text === undefined) throw new Error(`a vector without ${name}`);
  return text;
}

export function bytesOf(parsed: KubeJson, name: string): Uint8Array {
  return new Uint8Array(Buffer.from(textOf(parsed, name), "base64"));
}
