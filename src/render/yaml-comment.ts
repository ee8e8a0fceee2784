/** Ends of lines in some YAML (1.1 has U+0085, U+2028, U+2029, too), and what moves a cursor. */
const unsafeInComment = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** A comment of one line, whatever files and keys in it are called: nobody's name may go on as YAML. */
export function yamlComment(text: string): string {
  const escaped = text.replace(unsafeInComment, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `# ${escaped}\n`;
}
