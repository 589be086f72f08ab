/** The nearest of some names to one that is not among them, for "did you mean". */

/** Undefined where none is near enough to be a slip of the fingers or an abbreviation. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const longer = names.filter((candidate) => candidate.startsWith(name));
  if (name.length > 1 && longer.length === 1) return longer[0];
  let best: string | undefined;
  let least = Math.min(name.length, Math.max(2, Math.ceil(name.length / 3)) + 1);
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Levenshtein: insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
