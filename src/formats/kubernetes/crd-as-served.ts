/**
 * A CustomResourceDefinition of apiextensions.k8s.io/v1beta1 as v1, as the API
 * server converts it when it reads one. Source: apiextensions-apiserver
 * pkg/apis/apiextensions/v1/conversion.go, v1beta1/{types,defaults}.go.
 */
import {
  emptyKubeObject,
  isKubeList,
  isKubeObject,
  withField,
  type KubeJson,
  type KubeObject,
  type MutableKubeObject,
} from "./kube-json.ts";

/** Said once for all versions in v1beta1, and with each version in v1, by their names in both. */
const perVersion = [
  ["subresources", "subresources"],
  ["validation", "schema"],
  ["additionalPrinterColumns", "additionalPrinterColumns"],
  ["selectableFields", "selectableFields"],
] as const;

export function crdAsServed(object: KubeObject): KubeObject {
  const { spec } = object;
  const served = withField(object, "apiVersion", "apiextensions.k8s.io/v1");
  return isKubeObject(spec) ? withField(served, "spec", specOf(spec)) : served;
}

function specOf(stored: KubeObject): KubeObject {
  const spec: MutableKubeObject = emptyKubeObject();
  for (const [name, value] of Object.entries(stored))
    if (name !== "version" && name !== "preserveUnknownFields" && !perVersion.some(([old]) => old === name)) spec[name] = value;
  spec["versions"] = versionsOf(stored);
  spec["conversion"] = conversionOf(stored["conversion"]);
  // v1beta1 takes it for true when nothing is said, v1 for false.
  if (stored["preserveUnknownFields"] !== false) spec["preserveUnknownFields"] = true;
  return spec;
}

function versionsOf(spec: KubeObject): KubeJson {
  const listed = isKubeList(spec["versions"]) ? spec["versions"] : [];
  const { version } = spec;
  const versions = listed.length === 0 && typeof version === "string" && version !== "" ? [onlyVersion(version)] : listed;
  return versions.map((one) => {
    if (!isKubeObject(one)) return one;
    let moved = one;
    for (const [old, now] of perVersion) {
      const value = spec[old] ?? null;
      if (value !== null) moved = withField(moved, now, value);
    }
    const columns = moved["additionalPrinterColumns"];
    return isKubeList(columns) ? withField(moved, "additionalPrinterColumns", columns.map(columnOf)) : moved;
  });
}

function onlyVersion(name: string): KubeObject {
  return Object.assign(emptyKubeObject(), { name, served: true, storage: true });
}

function columnOf(column: KubeJson): KubeJson {
  if (!isKubeObject(column)) return column;
  return Object.assign(
    emptyKubeObject(),
    Object.fromEntries(Object.entries(column).map(([name, value]) => [name === "JSONPath" ? "jsonPath" : name, value])),
  );
}

function conversionOf(stored: KubeJson | undefined): KubeObject {
  if (!isKubeObject(stored)) return Object.assign(emptyKubeObject(), { strategy: "None" });
  const { webhookClientConfig, conversionReviewVersions, ...rest } = stored;
  const conversion: MutableKubeObject = Object.assign(emptyKubeObject(), rest);
  const [client, versions] = [webhookClientConfig ?? null, conversionReviewVersions ?? null];
  if (client === null && versions === null) return conversion;
  const webhook = Object.assign(emptyKubeObject(), { conversionReviewVersions: versions });
  conversion["webhook"] = client === null ? webhook : withField(webhook, "clientConfig", client);
  return conversion;
}
