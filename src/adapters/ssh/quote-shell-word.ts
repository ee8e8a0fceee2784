/**
 * The only place where a value becomes a word of a POSIX shell command.
 * Everything between single quotes is literal; a single quote itself is
 * written outside of them. Throws on NUL, which no shell word can hold.
 */
export function quoteShellWord(value: string): string {
  if (value.includes("\0")) throw new TypeError("a shell word cannot hold a NUL byte");
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
