/**
 * The directories that something is mounted on, from the text of
 * /proc/self/mountinfo: the fifth field, in which blanks, line feeds and
 * backslashes are octal escapes of their bytes. A bind mount of the same file
 * system stands here, too, and is not to be told by its device.
 * Source: proc_pid_mountinfo(5).
 */
export function mountPointsOf(text: string): ReadonlySet<string> {
  return new Set(
    text.split("\n").flatMap((line) => {
      const at = line.split(" ")[4];
      return at === undefined ? [] : [at.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)))];
    }),
  );
}
