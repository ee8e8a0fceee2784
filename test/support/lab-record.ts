import type { LabState } from "../../src/adapters/lab/lab-state.ts";

/** The record of a lab `dev` with one machine that never ran. Nothing of it exists. */
export function labRecord(differing: Partial<LabState> = {}): LabState {
  return {
    apiVersion: "requorum-lab/v1",
    name: "dev",
    index: 0,
    createdAt: "2026-01-01T00:00:00.000Z",
    versions: { kubernetes: "1.34.4", etcd: "3.6.16" },
    shape: { controlPlanes: 1, workers: 0, etcdMachines: 0, spares: 0 },
    sources: { baseImage: "/image", programs: { kubenodeDir: "/k", etcdDir: "/e" }, containerStore: "/c" },
    cgroups: [],
    virtualAddress: "10.150.0.10",
    gateway: "10.150.0.1",
    machines: [{ name: "cp1", address: "10.150.0.11", role: "control-plane" }],
    faults: [],
    phase: "up",
    ...differing,
  };
}
