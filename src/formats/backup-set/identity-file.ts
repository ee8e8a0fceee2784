/** The identities of an age identity file: one a line, `#` begins a comment. A line that is none is given too; who opens with it says so. */
export function identitiesOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
