/**
 * What an API server adds to an object when it reads it from etcd, as far as
 * that can be known from the value and its key: the resource version, which is
 * the revision that wrote it (apiserver pkg/storage/etcd3, APIObjectVersioner),
 * and the kind of a StatefulSet's claim templates, which protobuf leaves out
 * (kubernetes pkg/apis/apps/v1/conversion.go). Not added: defaults of fields
 * newer than the write, and another API version than the stored one.
 */
import { emptyKubeObject, isKubeList, isKubeObject, type KubeJson, type KubeObject } from "./kube-json.ts";

/** `modRevision`: of the etcd record that holds the value. */
export function asServed(object: KubeObject, modRevision: bigint): KubeObject {
  const metadata = isKubeObject(object["metadata"]) ? object["metadata"] : emptyKubeObject();
  const served = withField(object, "metadata", withField(metadata, "resourceVersion", String(modRevision)));
  return isStatefulSet(object) ? withClaimKinds(served) : served;
}

function isStatefulSet(object: KubeObject): boolean {
  return object["kind"] === "StatefulSet" && typeof object["apiVersion"] === "string" && object["apiVersion"].startsWith("apps/");
}

function withClaimKinds(object: KubeObject): KubeObject {
  const { spec } = object;
  const templates = isKubeObject(spec) ? spec["volumeClaimTemplates"] : undefined;
  if (!isKubeObject(spec) || !isKubeList(templates)) return object;
  const named = templates.map((template) =>
    isKubeObject(template) ? withField(withField(template, "apiVersion", "v1"), "kind", "PersistentVolumeClaim") : template,
  );
  return withField(object, "spec", withField(spec, "volumeClaimTemplates", named));
}

function withField(object: KubeObject, name: string, value: KubeJson): KubeObject {
  return Object.assign(emptyKubeObject(), object, { [name]: value });
}
