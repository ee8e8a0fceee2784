import type { AppContext } from "../../app/app-ports.ts";
import type { RecoveryPlan } from "../../model/plan.ts";
import { textOption, type Invocation } from "../command-spec.ts";
import { openBackup } from "./open-backup.ts";
import { trustedSigners } from "./open-sets.ts";
import { setPartsOf } from "./set-parts.ts";

/** For a plan that puts files of a backup set back: the same context with the store's sets, closed at the end. Any other plan opens no store. */
export async function withSetParts<T>(
  invocation: Invocation,
  { app, plan }: { readonly app: AppContext; readonly plan: RecoveryPlan },
  act: (app: AppContext) => Promise<T>,
): Promise<T> {
  if (!plan.steps.some(({ kind }) => kind === "host.restoreFiles")) return await act(app);
  const backup = await openBackup(invocation.cli, app.config, {
    store: textOption(invocation, "store"),
    signers: trustedSigners(invocation),
  });
  const setParts = setPartsOf(invocation, backup);
  try {
    return await act({ ...app, ports: { ...app.ports, setParts } });
  } finally {
    await setParts.close();
    await backup.close();
  }
}
