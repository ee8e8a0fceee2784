import { faultTimeoutMs, type Fault } from "./fault.ts";
import { killContainer } from "./kill-container.ts";

const aside = "/etc/kubernetes/requorum-lab-aside";

export const stopApiserverFault: Fault = {
  kind: "stop-apiserver",
  summary: "moves the API server's manifest away and kills it; healing moves it back",
  settings: {},
  async inject(context) {
    const script = `mkdir -p ${aside}\nmv /etc/kubernetes/manifests/kube-apiserver.yaml ${aside}/\n${killContainer("kube-apiserver")}`;
    await context.shell({ reason: "stopping the API server", script, timeoutMs: faultTimeoutMs });
    return {};
  },
  async heal(context) {
    await context.shell({
      reason: "bringing back the API server",
      script: `mv ${aside}/kube-apiserver.yaml /etc/kubernetes/manifests/`,
      timeoutMs: faultTimeoutMs,
    });
  },
};
