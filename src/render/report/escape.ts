/** Text inside HTML elements and double-quoted attributes. Control characters other than tab and newline are dropped. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Text inside one cell or line of Markdown: nothing in it is markup or a command to the terminal that shows it, and it stays one line. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .replace(/[\\`*_{}[\]<>|#~]/g, "\\$&")
    .replaceAll("&", "&amp;");
}
