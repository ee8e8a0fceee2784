import { shellWord } from "../../model/shell-word.ts";
import { textArgument, type CommandModule } from "../command-spec.ts";
import { optionWords } from "../backup/chosen-set.ts";
import { encryptionLines, withSourceSets } from "../backup/readable-sets.ts";
import { askedObjects, getObjectsAs } from "../file-work/got-objects.ts";

/** How a set is reached and opened: a call that asks again needs the same. */
const setOptions = ["store", "identity", "passphrase-file", "trust-signer"];

export const command: CommandModule = {
  run(invocation) {
    return withSourceSets(invocation, [textArgument(invocation, "set")], async (sets) => {
      const [set] = sets;
      if (set === undefined) throw new Error("a name gave no set");
      const asked = askedObjects(invocation);
      const request = {
        ...asked,
        path: set.id,
        ownPrefix: await set.registryPrefix(),
        sealKeys: set.encryption.keys.length === 0 ? undefined : set.encryption.keys,
        call: ["requorum", "backup", "get", ...optionWords(invocation, setOptions).map(shellWord)].join(" "),
      };
      return getObjectsAs(invocation, request, { sets, note: encryptionLines(sets) });
    });
  },
};
