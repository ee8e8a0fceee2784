/** Verbs that carry out a run. A list of its own: on Ctrl-C nothing waits for the table of all commands to be loaded. */
const changing: readonly (readonly string[])[] = [["apply"], ["recover"], ["resume"], ["backup", "restore"]];

/** Whether these words of a command line may have begun a run, which is stopped between two steps and not by a clock. */
export function isChangingCall(words: readonly string[]): boolean {
  return changing.some((path) => path.every((word) => words.includes(word)));
}
