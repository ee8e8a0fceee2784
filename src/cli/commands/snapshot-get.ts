import { textArgument, type CommandModule } from "../command-spec.ts";
import { askedObjects, getObjectsAs } from "../file-work/got-objects.ts";
import { walDirOption } from "../file-work/wal-dir-option.ts";

export const command: CommandModule = {
  run(invocation) {
    return getObjectsAs(invocation, {
      ...askedObjects(invocation),
      path: textArgument(invocation, "file") ?? "",
      walDir: walDirOption(invocation),
    });
  },
};
