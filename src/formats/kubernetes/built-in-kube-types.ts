import { kubeTypesText, kubeTypesVersions } from "./kube-types.generated.ts";
import { KubeTypes } from "./kube-types.ts";

/** The built-in kinds of the versions that the table was made from. A few milliseconds: make one and keep it. */
export function builtInKubeTypes(): KubeTypes {
  return new KubeTypes(kubeTypesText, kubeTypesVersions);
}
