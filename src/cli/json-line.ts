/**
 * JSON for a terminal or a pipe: control characters beyond ASCII and those
 * that turn the reading direction are written as escapes, which JSON allows,
 * so that text from machines moves no cursor when somebody looks at it.
 */
export function jsonLine(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent);
  return `${text.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}
