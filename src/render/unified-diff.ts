/** One line of a difference; `gap`: lines that both have and that are left out. */
export interface DiffLine {
  readonly kind: "same" | "removed" | "added" | "gap";
  readonly text: string;
}

/** Longer files are not compared line by line: the table below has lines times lines cells. */
const linesMax = 2000;
const contextLines = 3;

/** What turns `from` into `to`, with three lines around each change. undefined: too long to compare. Empty: the same. */
export function unifiedDiff(from: string, to: string): readonly DiffLine[] | undefined {
  const [before, after] = [linesOf(from), linesOf(to)];
  if (before.length > linesMax || after.length > linesMax) return undefined;
  const all = allLines(before, after);
  const isNear = (at: number): boolean =>
    all.slice(Math.max(0, at - contextLines), at + contextLines + 1).some(({ kind }) => kind !== "same");
  const shown: DiffLine[] = [];
  all.forEach((line, at) => {
    if (isNear(at)) shown.push(line);
    else if (shown.at(-1)?.kind !== "gap") shown.push({ kind: "gap", text: "" });
  });
  return shown.every(({ kind }) => kind === "gap") ? [] : shown;
}

function linesOf(text: string): readonly string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : [...lines, "\\ no newline at the end"];
}

/** The longest row of lines that both have stays; the usual table of its lengths, from the end. */
function allLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const width = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1)
      lengths[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [removed, added] = [before[row], after[column]];
    if (removed !== undefined && removed === added) {
      lines.push({ kind: "same", text: removed });
      [row, column] = [row + 1, column + 1];
    } else if (removed !== undefined && (added === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ kind: "removed", text: removed });
      row += 1;
    } else {
      lines.push({ kind: "added", text: added ?? "" });
      column += 1;
    }
  }
  return lines;
}
