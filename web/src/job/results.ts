// What the gangs of a sweep wrote, as columns, in an order, and as points of a chart. Pure.
import type { GangResult } from "../base/model";
import { plain, short } from "../base/text";

export interface ResultColumn {
  /** Its own among all columns; a sweep value and a number may have one name. */
  id: string;
  name: string;
  of_sweep: boolean;
  /** All that stands in it is numbers. */
  numeric: boolean;
}
export interface ResultCell {
  words: string;
  /** In full, for a title; left out where the words are all. */
  exact?: string;
  number: number | null;
}
export interface ResultRow {
  gang: number;
  /** One for each column. */
  cells: ResultCell[];
}
export interface ResultTable {
  columns: ResultColumn[];
  rows: ResultRow[];
  /** So many numbers that few gangs wrote have no column. */
  left_out: number;
}

/** Not among those of a table, as each row has its gang. */
export const gang_column: ResultColumn = { id: "gang", name: "Gang", of_sweep: true, numeric: true };

/** More numbers than that are not columns. */
export const most_number_columns = 24;
const nothing: ResultCell = { words: "", number: null };

/** A column for each sweep value, then one for each number, each in the order in which it first came. */
export function results_table(results: GangResult[]): ResultTable {
  const names = [...new Set(results.flatMap((result) => (result.values ?? []).map(([name]) => plain(name))))];
  const values = names.map((name) => value_column(name, results));
  const found = number_columns(results).filter((column) => !values.some((value) => repeats(value, column)));
  const kept = most_written(found);
  const all = [...values, ...kept];
  return {
    columns: all.map(({ column }) => column),
    rows: results.map((result, i) => ({ gang: result.gang ?? 0, cells: all.map(({ cells }) => cells[i]!) })),
    left_out: found.length - kept.length,
  };
}

interface Filled {
  column: ResultColumn;
  cells: ResultCell[];
}

function value_column(name: string, results: GangResult[]): Filled {
  const cells = results.map((result) => {
    const value = result.values?.find(([each]) => plain(each) === name)?.[1];
    if (value === undefined) return nothing;
    const text = plain(value);
    const words = short(value, 40);
    return { words, number: number_in(text), ...(words === text ? {} : { exact: text }) };
  });
  const numeric = cells.every((cell) => cell === nothing || cell.number !== null);
  return { column: { id: `value ${name}`, name, of_sweep: true, numeric }, cells };
}

function number_columns(results: GangResult[]): Filled[] {
  const written = new Map<string, Map<number, number>>();
  results.forEach((result, i) => {
    for (const [name, number] of result.numbers ?? []) {
      if (typeof number !== "number") continue;
      if (!written.has(name)) written.set(name, new Map());
      written.get(name)!.set(i, number);
    }
  });
  return [...written].map(([name, numbers]) => {
    const words = number_words([...numbers.values()]);
    const cells = results.map((_result, i) => {
      const number = numbers.get(i);
      return number === undefined ? nothing : { words: words(number), exact: String(number), number };
    });
    return { column: { id: `number ${name}`, name: plain(name), of_sweep: false, numeric: true }, cells };
  });
}

// Whether a number only says once more what the sweep gave.
function repeats(value: Filled, number: Filled): boolean {
  return (
    value.column.name === number.column.name &&
    number.cells.every((cell, i) => cell.number === null || cell.number === value.cells[i]!.number)
  );
}

function most_written(columns: Filled[]): Filled[] {
  if (columns.length <= most_number_columns) return columns;
  const times = (column: Filled) => column.cells.filter((cell) => cell.number !== null).length;
  const kept = new Set([...columns].sort((a, b) => times(b) - times(a)).slice(0, most_number_columns));
  return columns.filter((column) => kept.has(column));
}

/** The number that a text is, written as people and programs write it; null where it is none. */
export function number_in(text: string): number | null {
  if (!/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

const digits_told = 5;

/** How the numbers of a column are written: all with as many decimals where that tells each of them apart from 0. */
export function number_words(numbers: number[]): (value: number) => string {
  const largest = Math.max(...numbers.map(Math.abs), 0);
  const decimals = numbers.map((value) => String(rounded(value)).split(".")[1]?.length ?? 0);
  const room = largest > 0 ? digits_told - 1 - Math.floor(Math.log10(largest)) : 0;
  const places = Math.min(Math.max(...decimals, 0), Math.max(room, 0));
  const fits = numbers.every((value) => Number.isInteger(value) || Math.abs(value) >= 10 ** (1 - places));
  if (largest >= 1e9 || !fits) return (value) => String(rounded(value));
  return (value) => value.toFixed(places);
}

function rounded(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? value : Number(value.toPrecision(digits_told));
}

export interface ResultSort {
  column: string;
  down: boolean;
}

const costs = new Set(
  "loss nll err error errors mse mae rmse wer cer fid perplexity ppl regret time seconds latency".split(" "),
);

/** Whether a number's name says that less of it is better. */
export function less_is_better(name: string): boolean {
  return name
    .toLowerCase()
    .split(/[^a-z]+/)
    .some((word) => costs.has(word));
}

/** A press on a heading: the best on top (of a sweep value the least), then the other way, then by gang. */
export function next_result_sort(sort: ResultSort | null, column: ResultColumn): ResultSort | null {
  const first = !column.of_sweep && !less_is_better(column.name);
  // Without a sort they stand by gang already.
  const now = sort ?? { column: gang_column.id, down: false };
  if (now.column !== column.id) return { column: column.id, down: first };
  return now.down === first ? { column: column.id, down: !first } : null;
}

/** Sorted copies; what has nothing in that column comes last either way. */
export function sorted_rows(table: ResultTable, sort: ResultSort | null): ResultRow[] {
  const at = table.columns.findIndex((column) => column.id === sort?.column);
  const sign = sort?.down ? -1 : 1;
  if (at < 0) {
    const by_gang = sort?.column === gang_column.id ? sign : 1;
    return [...table.rows].sort((a, b) => by_gang * (a.gang - b.gang));
  }
  const { numeric } = table.columns[at]!;
  return [...table.rows].sort((a, b) => {
    const [one, other] = [a.cells[at]!, b.cells[at]!];
    const missing = Number(one.words === "") - Number(other.words === "");
    const order = numeric ? one.number! - other.number! : compared(one.words, other.words);
    return missing || sign * order || a.gang - b.gang;
  });
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export interface Point {
  gang: number;
  x: number;
  y: number;
}

/** From left to right, and where several stand above each other from below. */
export function points_of(table: ResultTable, x: string, y: string): Point[] {
  const [across, up] = [x, y].map((id) => table.columns.findIndex((column) => column.id === id));
  const points: Point[] = [];
  for (const row of table.rows) {
    const [left, high] = [row.cells[across!]?.number, row.cells[up!]?.number];
    if (typeof left === "number" && typeof high === "number") points.push({ gang: row.gang, x: left, y: high });
  }
  return points.sort((a, b) => a.x - b.x || a.y - b.y || a.gang - b.gang);
}

/** Sweep values that can stand along a chart; those that vary come first. */
export function across_choices(table: ResultTable): ResultColumn[] {
  const varies = (id: string) => {
    const at = table.columns.findIndex((column) => column.id === id);
    return new Set(table.rows.map((row) => row.cells[at]!.number)).size > 1;
  };
  const numeric = table.columns.filter((column) => column.of_sweep && column.numeric);
  return [...numeric.filter((column) => varies(column.id)), ...numeric.filter((column) => !varies(column.id))];
}

export interface Scale {
  log: boolean;
  low: number;
  high: number;
}

/** Values that span more than so many times, all above 0, stand on a logarithmic scale. */
const widest_linear = 100;
const margin = 0.05;

export function scale_of(values: number[], may_be_log: boolean): Scale {
  if (values.length === 0) return { log: false, low: 0, high: 1 };
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (may_be_log && low > 0 && high / low > widest_linear) {
    const room = (high / low) ** margin;
    return { log: true, low: low / room, high: high * room };
  }
  const room = high > low ? (high - low) * margin : Math.abs(high) * 0.1 || 1;
  return { log: false, low: low - room, high: high + room };
}

/** Where a value stands between the ends of a scale, from 0 to 1. */
export function part_of(scale: Scale, value: number): number {
  if (!scale.log) return (value - scale.low) / (scale.high - scale.low);
  return Math.log(value / scale.low) / Math.log(scale.high / scale.low);
}

const most_values_marked = 12;

/** What the axis below names: the values where they are few, else round ones; each `room` pixels or more apart. */
export function marks_of(scale: Scale, values: number[], width: number, room: number): number[] {
  const own = [...new Set(values)].sort((a, b) => a - b);
  const round = () => (scale.log ? powers_of_ten(scale) : round_steps(scale, width / room));
  const marks = own.length <= most_values_marked ? own : round();
  const kept: number[] = [];
  for (const mark of marks) {
    const last = kept[kept.length - 1];
    if (last === undefined || (part_of(scale, mark) - part_of(scale, last)) * width >= room) kept.push(mark);
  }
  return kept;
}

function powers_of_ten(scale: Scale): number[] {
  const marks: number[] = [];
  for (let power = Math.ceil(Math.log10(scale.low)); power <= Math.log10(scale.high); ++power)
    marks.push(Number(`1e${power}`));
  return marks;
}

/** Multiples of 1, 2 or 5 times a power of ten, about `most` of them at most. */
export function round_steps(scale: Scale, most: number): number[] {
  const least = (scale.high - scale.low) / Math.max(1, most);
  const power = Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * 10 ** power >= least) ?? 10;
  const step = factor * 10 ** power;
  const marks: number[] = [];
  for (let n = Math.ceil(scale.low / step); n * step <= scale.high && marks.length < 1000; ++n)
    marks.push(Number((n * step).toPrecision(12)));
  return marks;
}

/** Where a key leads from a point; null: it is no key of the chart. */
export function point_after(count: number, at: number | null, key: string): number | null {
  if (count === 0) return null;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[key];
  if (by === undefined) return null;
  return at === null ? 0 : Math.min(count - 1, Math.max(0, at + by));
}

/** The point nearest to a place, by its index; null: none is within `within` pixels. */
export function nearest(places: [number, number][], x: number, y: number, within: number): number | null {
  let found: number | null = null;
  let best = within * within;
  places.forEach(([left, top], i) => {
    const away = (left - x) ** 2 + (top - y) ** 2;
    if (away > best) return;
    best = away;
    found = i;
  });
  return found;
}
