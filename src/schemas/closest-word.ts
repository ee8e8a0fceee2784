/** The word that was probably meant: at most a third of its letters differ (one letter in short words). undefined: none is near. */
export function closestWord(given: string, words: readonly string[]): string | undefined {
  const near = words
    .map((word) => ({ word, distance: editDistance(given.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.max(1, Math.floor(Math.max(word.length, given.length) / 3)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.word;
}

/** All words, the nearest first; what stands behind a dot counts only where the given word has one. */
export function closestFirst(given: string, words: readonly string[]): readonly string[] {
  const wanted = given.toLowerCase();
  const distanceTo = (word: string): number => editDistance(wanted, wanted.includes(".") ? word : (word.split(".")[0] ?? ""));
  return words.toSorted((a, b) => distanceTo(a) - distanceTo(b) || (a < b ? -1 : 1));
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). Words beyond 64 letters are not compared. */
function editDistance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let best = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + cost);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
