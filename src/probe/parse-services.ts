import type { ServiceFacts } from "../model/inventory.ts";
import { malformed, parseFields, requiredField } from "./parse-host-answer.ts";

const units = ["kubelet", "containerd", "haproxy", "keepalived", "etcd"] as const satisfies readonly ServiceFacts["unit"][];

/**
 * Pure. `systemctl show -p Id,LoadState,ActiveState,UnitFileState` of all
 * units: one block per unit, blank lines between. A unit that systemd does
 * not know is `absent`, and so is an etcd that is masked. Throws REMOTE_ANSWER_MALFORMED, also when a unit is
 * missing from the answer.
 */
export function parseServices(text: string): readonly ServiceFacts[] {
  const blocks = text.split(/\n\s*\n/).map(parseFields);
  return units.map((unit) => {
    const fields = blocks.find((block) => block.get("Id") === `${unit}.service`);
    if (fields === undefined) throw malformed("services", `systemctl said nothing of ${unit}.service`);
    return {
      unit,
      activeState: activeState(unit, fields),
      isEnabled: ["enabled", "enabled-runtime", "static", "generated", "indirect"].includes(fields.get("UnitFileState") ?? ""),
    };
  });
}

/** Pure. Names of unit files that have etcd in them, but for etcd.service itself; sorted. */
export function parseOtherEtcdUnits(text: string): readonly string[] {
  const names = requiredField(parseFields(text), "EtcdUnitFiles").split(" ");
  return [...new Set(names)].filter((name) => name !== "" && name !== "etcd.service").sort();
}

function activeState(unit: ServiceFacts["unit"], fields: ReadonlyMap<string, string>): ServiceFacts["activeState"] {
  const loaded = requiredField(fields, "LoadState");
  const state = requiredField(fields, "ActiveState");
  // A unit file that was deleted while its process runs is still "active".
  // A masked etcd starts nothing; that another unit is masked is somebody's doing, and to be seen.
  if ((loaded === "not-found" || (loaded === "masked" && unit === "etcd")) && state === "inactive") return "absent";
  switch (state) {
    case "active":
    case "reloading":
    case "refreshing":
      return "active";
    case "activating":
    case "deactivating":
    case "inactive":
    case "failed":
      return state;
    default:
      throw malformed("services", `unit state ${JSON.stringify(state.slice(0, 40))} is not known`);
  }
}
