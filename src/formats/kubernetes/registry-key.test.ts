import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInKubeTypes } from "./built-in-kube-types.ts";
import { RegistryKeys, resourceText } from "./registry-key.ts";

const keys = new RegistryKeys(builtInKubeTypes());

/** "resource.group namespace/name", or "resource.group name". */
function placeOf(key: string, prefix?: string): string | undefined {
  const parsed = keys.parse(key, prefix);
  if (parsed === undefined) return undefined;
  return `${resourceText(parsed)} ${parsed.namespace === undefined ? "" : `${parsed.namespace}/`}${parsed.name}`;
}

test("RegistryKeys: built-in resources, the odd names, and API extensions", () => {
  const expected = {
    "/registry/pods/kube-system/etcd-cp1": "pods kube-system/etcd-cp1",
    "/registry/namespaces/default": "namespaces default",
    "/registry/deployments/default/web": "deployments.apps default/web",
    "/registry/events/default/web.17a": "events default/web.17a",
    "/registry/services/specs/default/kubernetes": "services default/kubernetes",
    "/registry/services/endpoints/default/kubernetes": "endpoints default/kubernetes",
    "/registry/minions/cp1": "nodes cp1",
    "/registry/controllers/default/old": "replicationcontrollers default/old",
    "/registry/ingress/default/web": "ingresses.networking.k8s.io default/web",
    "/registry/leases/kube-node-lease/cp1": "leases.coordination.k8s.io kube-node-lease/cp1",
    "/registry/masterleases/10.0.0.1": "masterleases 10.0.0.1",
    "/registry/ranges/serviceips": "ranges serviceips",
    "/registry/clusterroles/system:node": "clusterroles.rbac.authorization.k8s.io system:node",
    "/registry/flowschemas/exempt": "flowschemas.flowcontrol.apiserver.k8s.io exempt",
    "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.a.b": "customresourcedefinitions.apiextensions.k8s.io widgets.a.b",
    "/registry/apiregistration.k8s.io/apiservices/v1.apps": "apiservices.apiregistration.k8s.io v1.apps",
    "/registry/example.com/widgets/default/one": "widgets.example.com default/one",
    "/registry/example.com/clusterwidgets/one": "clusterwidgets.example.com one",
    "/registry/unheard/of": "unheard of",
  };
  for (const [key, place] of Object.entries(expected)) assert.equal(placeOf(key), place);
});

test("RegistryKeys: what is no object's key is none", () => {
  for (const key of [
    "compact_rev_key",
    "/registry",
    "/registry/pods",
    "/registry/pods/",
    "/registry//x",
    "/registry/pods/a/b/c",
    "/registryx/pods/a",
    "/bootstrap/abc",
  ])
    assert.equal(placeOf(key), undefined, key);
});

test("RegistryKeys: another prefix, also one of several parts", () => {
  assert.equal(placeOf("/kubernetes.io/pods/default/a", "/kubernetes.io"), "pods default/a");
  assert.equal(placeOf("/team/a/registry/minions/n", "/team/a/registry"), "nodes n");
});
