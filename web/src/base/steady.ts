// Rows stay where they are while somebody points at one of them.
export interface Steady<T> {
  rows: T[];
  /** How many rows came, went or would move once nobody points there. */
  held_back: number;
}

/**
 * `next` as it came, unless `held`: then the rows of `shown` in their places with their newest values,
 * those that went as they were last.
 */
export function steady<T>(shown: T[], next: T[], key: (row: T) => unknown, held: boolean): Steady<T> {
  if (!held || shown.length === 0) return { rows: next, held_back: 0 };
  const newest = new Map(next.map((row) => [key(row), row]));
  const rows = shown.map((row) => newest.get(key(row)) ?? row);
  const known = new Set(shown.map(key));
  const came = next.filter((row) => !known.has(key(row))).length;
  const went = shown.filter((row) => !newest.has(key(row))).length;
  return { rows, held_back: came + went };
}
