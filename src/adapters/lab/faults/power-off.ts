import type { Fault } from "./fault.ts";
import { powerOff, powerOn } from "./machine-cycle.ts";

/** SIGKILL of the machine's first process: nothing is flushed or said goodbye to. */
export const powerOffFault: Fault = {
  kind: "power-off",
  summary: "pulls the plug of a machine; healing switches it on again with its disk as it was",
  settings: {},
  async inject(context) {
    await powerOff(context);
    return {};
  },
  heal: powerOn,
  endedBecause: (look) => (look.isOn ? "the machine is on" : undefined),
};
