import type { ProgramModule } from "./program-versions.ts";

const packages = [{ path: ".", program: "kube-types" }] as const;

/**
 * The versions of Kubernetes whose Go types the table of
 * src/formats/kubernetes is made from, oldest first: a later one may have
 * dropped an API that older clusters still hold objects of. An etcd of a
 * version below the first is read with the oldest table that has the kind.
 */
export const kubeTypesModules: readonly ProgramModule[] = [
  { version: "1.34.4", folder: "kube-types", packages, expectedBuildMs: 120_000 },
  { version: "1.35.4", folder: "kube-types", moduleFile: "kubernetes-1.35.mod", packages, expectedBuildMs: 120_000 },
  { version: "1.36.3", folder: "kube-types", moduleFile: "kubernetes-1.36.mod", packages, expectedBuildMs: 120_000 },
];
