// Where the cells of a job's gangs stand, and how they are walked. Pure.
export interface Grid {
  columns: number;
  rows: number;
  /** Side of a cell with its gap, in CSS pixels. */
  pitch: number;
}

/** As large as fits: few gangs get large cells, and 10,000 still fit on a screen. */
export function grid_of(gangs: number, width: number, most_height: number): Grid {
  for (const pitch of [26, 22, 18, 15, 12, 10, 8, 7, 6]) {
    const columns = Math.max(1, Math.floor(width / pitch));
    const rows = Math.ceil(gangs / columns);
    if (rows * pitch <= most_height || pitch === 6) return { columns: Math.min(columns, gangs), rows, pitch };
  }
  throw new Error("the last pitch always fits");
}

export function cell_at(grid: Grid, gangs: number, x: number, y: number): number | null {
  const column = Math.floor(x / grid.pitch);
  const row = Math.floor(y / grid.pitch);
  if (column < 0 || row < 0 || column >= grid.columns) return null;
  const gang = row * grid.columns + column;
  return gang < gangs ? gang : null;
}

/** Where a key leads from a cell; null: it is no key of the grid. */
export function walk(grid: Grid, gangs: number, from: number, key: string): number | null {
  const step: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -grid.columns,
    ArrowDown: grid.columns,
    PageUp: -grid.columns * 10,
    PageDown: grid.columns * 10,
  };
  if (key === "Home") return 0;
  if (key === "End") return gangs - 1;
  const by = step[key];
  if (by === undefined) return null;
  const to = from + by;
  if (Math.abs(by) === grid.columns && (to < 0 || to >= gangs)) return from;
  return Math.min(gangs - 1, Math.max(0, to));
}

export interface Kind {
  letter: string;
  words: string;
  look: string;
}
/** In the order of the legend; letters are those of `GET /v1/jobs/N/cells`. */
export const kinds: Kind[] = [
  { letter: "r", words: "running", look: "running" },
  { letter: "s", words: "starting", look: "starting" },
  { letter: "w", words: "waiting", look: "waiting" },
  { letter: "d", words: "done", look: "done" },
  { letter: "f", words: "ended badly", look: "failed" },
  { letter: "x", words: "stopped", look: "stopped" },
  { letter: "n", words: "never ran", look: "never" },
];

export function words_of(letter: string | undefined): string {
  return kinds.find((kind) => kind.letter === letter)?.words ?? "not known";
}

export function counts(cells: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const letter of cells) found.set(letter, (found.get(letter) ?? 0) + 1);
  return found;
}

/** The next gang of a kind after `from`, around the end; null: there is none. */
export function next_of(cells: string, letter: string, from: number): number | null {
  const after = cells.indexOf(letter, from + 1);
  if (after >= 0) return after;
  const first = cells.indexOf(letter);
  return first < 0 ? null : first;
}
