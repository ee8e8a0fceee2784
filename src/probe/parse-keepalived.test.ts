import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKeepalived } from "./parse-keepalived.ts";

const text = `! Configuration File for keepalived
global_defs {
    router_id LVS_DEVEL   # a comment
}
vrrp_script check_apiserver {
  script "/etc/keepalived/check_apiserver.sh --once"
  interval 3
  weight -2
  fall 10
  rise 2
}

vrrp_instance VI_1 {
    state MASTER            ### SLAVE
    interface ens3
    virtual_router_id 151
    priority 150
    nopreempt
    authentication {
        auth_type PASS
        auth_pass removed
    }
    unicast_peer {
        10.0.0.164
        10.0.0.165
    }
    virtual_ipaddress {
        10.0.0.162/24 dev ens3
    }
    track_script {
        check_apiserver
    }
}
`;

test("parseKeepalived: the facts that decide where the address goes", () => {
  assert.deepEqual(parseKeepalived(text, "/k.conf"), {
    path: "/k.conf",
    virtualRouterId: 151,
    priority: 150,
    state: "MASTER",
    nopreempt: true,
    virtualAddresses: ["10.0.0.162"],
    unicastPeers: ["10.0.0.164", "10.0.0.165"],
    instanceCount: 1,
    scripts: [
      { name: "check_apiserver", script: "/etc/keepalived/check_apiserver.sh --once", interval: 3, weight: -2, fall: 10, rise: 2, line: 5 },
    ],
  });
});

test("parseKeepalived: what is not written has keepalived's defaults, a missing weight stays missing", () => {
  const facts = parseKeepalived(
    "vrrp_script s\n{\n script /bin/true\n}\nvrrp_instance A {\n virtual_ipaddress { 10.0.0.1 }\n}\n",
    "/k.conf",
  );
  assert.deepEqual([facts.priority, facts.state, facts.nopreempt, facts.virtualRouterId], [100, "BACKUP", false, undefined]);
  assert.deepEqual(facts.scripts[0], { name: "s", script: "/bin/true", interval: 1, weight: undefined, fall: 1, rise: 1, line: 1 });
  assert.deepEqual(facts.virtualAddresses, ["10.0.0.1"]);
});

test("parseKeepalived: a second instance is counted", () => {
  assert.equal(parseKeepalived(`${text}\nvrrp_instance B { priority 1 }`, "/k.conf").instanceCount, 2);
});

test("parseKeepalived: damage ends in fewer facts", () => {
  assert.equal(parseKeepalived("{{{{{{{{{{{{{{{{{{{{ }}}", "/k.conf").scripts.length, 0);
  assert.equal(parseKeepalived("vrrp_instance A {\n priority abc", "/k.conf").priority, 100);
  assert.equal(parseKeepalived("", "/k.conf").state, "");
});
