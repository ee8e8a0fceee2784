/**
 * What an API server makes of an object when it reads it from etcd, as far as
 * that can be known from the value and its key:
 * - the resource version, which is the revision that wrote it (apiserver
 *   pkg/storage/etcd3, APIObjectVersioner);
 * - the kind of a StatefulSet's claim templates, which protobuf leaves out
 *   (kubernetes pkg/apis/apps/v1/conversion.go);
 * - defaults for what is taken off or added after the defaults of the write:
 *   a new claim's phase, a Job's labels (pkg/apis/{core,batch}/v1/defaults.go);
 * - a CustomResourceDefinition in v1: all versions of Kubernetes store them in
 *   v1beta1, which none since 1.22 serves or takes (crd-as-served.ts);
 * - resource.k8s.io/v1beta2 as v1, which has the same fields: only 1.34 stores
 *   v1beta2 (pkg/apis/resource/install/install.go), and it serves v1.
 * Not done: defaults of fields newer than the write, and other API versions
 * than the stored one.
 */
import { crdAsServed } from "./crd-as-served.ts";
import { emptyKubeObject, isKubeList, isKubeObject, textAt, valueAt, withField, type KubeObject } from "./kube-json.ts";

/** `modRevision`: of the etcd record that holds the value. */
export function asServed(object: KubeObject, modRevision: bigint): KubeObject {
  const metadata = isKubeObject(object["metadata"]) ? object["metadata"] : emptyKubeObject();
  const served = withField(object, "metadata", withField(metadata, "resourceVersion", String(modRevision)));
  switch (`${textAt(object, "apiVersion") ?? ""} ${textAt(object, "kind") ?? ""}`) {
    case "apiextensions.k8s.io/v1beta1 CustomResourceDefinition":
      return crdAsServed(served);
    case "v1 PersistentVolumeClaim":
      return withPhase(served);
    case "batch/v1 Job":
      return withTemplateLabels(served);
    case "apps/v1 StatefulSet":
    case "apps/v1beta2 StatefulSet":
    case "apps/v1beta1 StatefulSet":
      return withClaimKinds(served);
    case "resource.k8s.io/v1beta2 DeviceClass":
    case "resource.k8s.io/v1beta2 ResourceClaim":
    case "resource.k8s.io/v1beta2 ResourceClaimTemplate":
    case "resource.k8s.io/v1beta2 ResourceSlice":
      return withField(served, "apiVersion", "resource.k8s.io/v1");
    default:
      return served;
  }
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

function withPhase(object: KubeObject): KubeObject {
  const status = isKubeObject(object["status"]) ? object["status"] : emptyKubeObject();
  return (status["phase"] ?? "") === "" ? withField(object, "status", withField(status, "phase", "Pending")) : object;
}

function withTemplateLabels(object: KubeObject): KubeObject {
  const { metadata } = object;
  const own = valueAt(object, "metadata", "labels");
  const labels = valueAt(object, "spec", "template", "metadata", "labels");
  if (!isKubeObject(metadata) || !isKubeObject(labels)) return object;
  if (Object.keys(labels).length === 0 || (isKubeObject(own) && Object.keys(own).length > 0)) return object;
  return withField(object, "metadata", withField(metadata, "labels", labels));
}
