import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnsibleInventory } from "./ansible-inventory.ts";

const yaml = `all:
  vars:
    ansible_user: root
  hosts:
    node1:
      ansible_host: 10.0.0.1
      ip: 10.0.0.1
    node2: { ansible_host: 10.0.0.2, ansible_user: admin }
  children:
    kube_control_plane:
      hosts:
        node1:
        node2:
    etcd:
      hosts: { node1: , node2: }
    k8s_cluster:
      children:
        kube_control_plane:
        kube_node:
          hosts:
            node3:
`;

test("readAnsibleInventory: a kubespray hosts.yaml gives hosts in order with groups and variables", () => {
  const inventory = readAnsibleInventory(yaml, "hosts.yaml");
  assert.deepEqual(
    inventory.hosts.map((host) => host.name),
    ["node1", "node2", "node3"],
  );
  assert.deepEqual(inventory.groups.get("k8s_cluster"), ["node1", "node2", "node3"]);
  assert.equal(inventory.hosts[0]?.variables.get("ansible_user"), "root");
  assert.equal(inventory.hosts[1]?.variables.get("ansible_user"), "admin");
  assert.ok(inventory.hosts[0].groups.includes("etcd"));
  assert.equal(inventory.hosts[0].line, 5);
});

test("readAnsibleInventory: ini words, quotes, comments, ports, ranges and group variables", () => {
  const inventory = readAnsibleInventory(
    `# comment
; another
web[01:03:2].example.org:2222 a=1 b="two words" c='x # y' # trailing
[group]
db-[a:c]
[group:vars]
key = value with spaces
`,
    "hosts",
  );
  assert.deepEqual(
    inventory.hosts.map((host) => host.name),
    ["web01.example.org", "web03.example.org", "db-a", "db-b", "db-c"],
  );
  assert.deepEqual(
    [...(inventory.hosts[0]?.variables ?? [])],
    [
      ["a", "1"],
      ["b", "two words"],
      ["c", "x # y"],
      ["ansible_port", "2222"],
    ],
  );
  assert.equal(inventory.hosts[2]?.variables.get("key"), "value with spaces");
});

const malformed: readonly { readonly of: string; readonly path: string; readonly text: string; readonly says: RegExp }[] = [
  { of: "an empty file", path: "hosts.ini", text: "\n", says: /^hosts\.ini:1:1: no machine is named/ },
  { of: "an open section", path: "hosts.ini", text: "a\n[etcd\n", says: /^hosts\.ini:2:1: a section that is not closed/ },
  { of: "an unknown section kind", path: "hosts.ini", text: "a\n[etcd:childs]\n", says: /^hosts\.ini:2:1: \[…:childs\] is not known/ },
  {
    of: "a word without a value",
    path: "hosts.ini",
    text: "a\n  b ansible_host\n",
    says: /^hosts\.ini:2:3: word 2 of the line is not NAME=VALUE/,
  },
  { of: "a variable without a value", path: "hosts.ini", text: "a\n[all:vars]\nx\n", says: /^hosts\.ini:3:1: the line is not NAME=VALUE/ },
  { of: "an open quote", path: "hosts.ini", text: 'a x="y\n', says: /^hosts\.ini:1:1: a quote is not closed/ },
  {
    of: "an endless range",
    path: "hosts.ini",
    text: "a[1:99999999]\n",
    says: /^hosts\.ini:1:1: "a\[1:99999999\]" is not a host name or a range/,
  },
  { of: "a product of ranges", path: "hosts.ini", text: "a[1:1000][1:1000][1:1000]\n", says: /is not a host name or a range/ },
  {
    of: "a child that is no group",
    path: "hosts.ini",
    text: "a\n[x:children]\ny\n",
    says: /^hosts\.ini:3:1: group y is a child of x, but there is no such group/,
  },
  { of: "a group that contains itself", path: "hosts.ini", text: "a\n[x:children]\ny\n[y:children]\nx\n", says: /contains itself/ },
  { of: "bad YAML", path: "hosts.yml", text: "all:\n  hosts: {\n", says: /^hosts\.yml:\d+:\d+: / },
  {
    of: "a list of hosts in YAML",
    path: "hosts.yml",
    text: "all:\n  hosts:\n    - a\n",
    says: /^hosts\.yml:3:5: all\.hosts is a list; expected a mapping/,
  },
  {
    of: "an unknown key of a group",
    path: "hosts.yml",
    text: "all:\n  host:\n    a:\n",
    says: /^hosts\.yml:2:3: "host" is not known in group all/,
  },
];
for (const { of, path, text, says } of malformed) {
  test(`readAnsibleInventory: ${of} is told with file, line and column`, () => {
    assert.throws(() => readAnsibleInventory(text, path), { code: "INVENTORY_FILE_INVALID", detail: says });
  });
}

test("readAnsibleInventory: the rest of a password with spaces is not repeated in the error", () => {
  for (const text of ["cp1 ansible_become_pass=correct horse\n", "cp1\n[all:vars]\nansible_ssh_pass=correct\nhorse\n"]) {
    assert.throws(
      () => readAnsibleInventory(text, "hosts.ini"),
      (error: Error) => /NAME=VALUE/.test(error.message) && !error.message.includes("horse"),
    );
  }
});

test("readAnsibleInventory: an alias that refers to itself ends with its place, and soon", () => {
  const children = Array.from({ length: 3 }, (_, index) => `    g${String(index)}: *a\n`).join("");
  assert.throws(() => readAnsibleInventory(`all: &a\n  children:\n${children}`, "hosts.yaml"), {
    code: "INVENTORY_FILE_INVALID",
    detail: /hosts\.yaml:\d+:\d+.*10000 groups/s,
  });
});
