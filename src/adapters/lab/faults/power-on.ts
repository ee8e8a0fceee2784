import type { Fault } from "./fault.ts";
import { powerOn } from "./machine-cycle.ts";

/** The way back from power-off, also by this name. */
export const powerOnFault: Fault = {
  kind: "power-on",
  summary: "switches a powered-off machine on",
  settings: {},
  noWayBack: "it breaks nothing",
  async inject(context) {
    await powerOn(context);
    await context.saveState((state) => ({
      ...state,
      faults: state.faults.filter((fault) => !(fault.kind === "power-off" && fault.machine === context.machine.name)),
    }));
    return {};
  },
};
