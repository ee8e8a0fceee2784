import { shutDownMachine } from "../machine/machine-power.ts";
import type { Fault } from "./fault.ts";
import { powerOff, powerOn } from "./machine-cycle.ts";

export const rebootFault: Fault = {
  kind: "reboot",
  summary: "restarts a machine",
  settings: { mode: "hard (default): as by its reset button; orderly: services are stopped first" },
  noWayBack: "the machine is up again: there is nothing to take back",
  async inject(context) {
    if (context.settings["mode"] === "orderly") await shutDownMachine(context.machine.supervisor);
    else await powerOff(context);
    await powerOn(context);
    return {};
  },
};
