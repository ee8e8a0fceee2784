import assert from "node:assert/strict";
import test from "node:test";
import { readApiBackends, withApiBackends } from "./haproxy-backends.ts";

const file = `# kept as it is
frontend kube-apiserver
    bind *:8443
    default_backend kube-apiserver

backend kube-apiserver
    balance roundrobin
    server cp1 10.0.0.1:6443 check check-ssl verify none   # first
    server cp2 10.0.0.2:6443 check check-ssl verify none
    option httpchk GET /readyz

backend web
    server w1 10.0.0.9:80 check
`;
const backend = (name: string, address: string) => ({ name, address, port: 6443 });

test("readApiBackends: only servers of sections that lead to API servers", () => {
  assert.deepEqual(readApiBackends(file, 6443), [backend("cp1", "10.0.0.1"), backend("cp2", "10.0.0.2")]);
});

test("withApiBackends: one server replaced, every other byte the same", () => {
  const edited = withApiBackends(file, [backend("cp1", "10.0.0.1"), backend("cp4", "10.0.0.4")], 6443);
  assert.equal(edited, file.replace("server cp2 10.0.0.2:6443", "server cp4 10.0.0.4:6443"));
});

test("withApiBackends: fewer, more and the same servers", () => {
  const one = withApiBackends(file, [backend("cp2", "10.0.0.2")], 6443) ?? "";
  assert.deepEqual(readApiBackends(one, 6443), [backend("cp2", "10.0.0.2")]);
  const three = [backend("cp1", "10.0.0.1"), backend("cp2", "10.0.0.2"), backend("cp3", "10.0.0.3")];
  assert.deepEqual(readApiBackends(withApiBackends(file, three, 6443) ?? "", 6443), three);
  assert.equal(withApiBackends(file, readApiBackends(file, 6443), 6443), file);
});

test("withApiBackends: with two such sections, or none, it is not clear what to edit", () => {
  assert.equal(withApiBackends(file.replace("10.0.0.9:80", "10.0.0.9:6443"), [], 6443), undefined);
  assert.equal(withApiBackends("global\n", [backend("cp1", "10.0.0.1")], 6443), undefined);
});
