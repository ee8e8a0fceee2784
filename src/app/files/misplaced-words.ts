import { valueAt, type KubeObject } from "../../formats/kubernetes/kube-json.ts";
import { isOwnRecord, type RegistryKey } from "../../formats/kubernetes/registry-key.ts";

/**
 * That an object calls itself otherwise than its key does, in words; undefined
 * where they agree. An API server makes the key of the two names and refuses
 * the rest (kubernetes pkg/registry/generic/registry/store.go,
 * NamespaceKeyFunc), so it is somebody's repair by hand; applied, the object
 * would land elsewhere than where it was found. Of resources that are not
 * known it is not known what their keys are made of.
 */
export function misplacedWords(key: RegistryKey | undefined, object: KubeObject): string | undefined {
  if (key?.group === undefined || isOwnRecord(key)) return undefined;
  const name = textOf(object, "name");
  const namespace = textOf(object, "namespace");
  if (name === "" || (name === key.name && namespace === (key.namespace ?? ""))) return undefined;
  return `its key is not that of what it calls itself: ${JSON.stringify(name)} ${namespace === "" ? "without namespace" : `in namespace ${JSON.stringify(namespace)}`}, where it would go if it were applied`;
}

function textOf(object: KubeObject, field: string): string {
  const text = valueAt(object, "metadata", field);
  return typeof text === "string" ? text : "";
}
