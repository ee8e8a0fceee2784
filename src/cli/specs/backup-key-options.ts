import type { OptionSpec } from "../command-spec.ts";

/** For every verb that opens a set. */
export const keyOptions: readonly OptionSpec[] = [
  {
    name: "identity",
    value: "FILE",
    isRepeatable: true,
    describes: "open the set with the age identities in this file (repeat), as a person would after a disaster",
    defaultWords: "the key that this machine holds of the store",
  },
  {
    name: "passphrase-file",
    value: "FILE",
    describes: "open the set with the passphrase that stands in the first line of this file",
  },
];

/** Where no configuration may be to say whose sets are trusted. */
export const signerOption: OptionSpec = {
  name: "trust-signer",
  value: "KEY",
  isRepeatable: true,
  describes:
    "a set that this public key signed is trusted, as `requorum backup list` shows it on the machine that makes the backups (repeat)",
};

export const setKeyOptions: readonly OptionSpec[] = [...keyOptions, signerOption];
