/** A word of a command that somebody may copy into a shell: as it is where that is safe, else in single quotes. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,~^-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
