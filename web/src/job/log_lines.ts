// The lines of a part of a log in the page: added at the end, dropped at the beginning, marked. Text nodes only.
import type { Line } from "../base/ansi";
import { text_of, type Added } from "./log_reader";

/** More lines than this are dropped at the beginning, a block at a time. */
export const most_lines = 100_000;
const block_lines = 200;

export class LogLines {
  private starts: number[] = [];
  private first = 0;
  private block: HTMLElement | null = null;
  private in_block = 0;
  private tail = document.createElement("div");
  private tail_start = 0;
  private marked: HTMLElement | null = null;

  constructor(private place: HTMLElement) {
    this.tail.className = "line";
    place.replaceChildren(this.tail);
  }

  /** How many lines were dropped at the beginning. */
  get lost(): number {
    return this.first;
  }

  get empty(): boolean {
    return this.starts.length === 0 && this.tail.textContent === "";
  }

  add(added: Added) {
    added.lines.forEach((line, i) => this.append(line, added.starts[i]!));
    this.tail.replaceChildren(...(added.open.length > 0 ? pieces(added.open) : []));
    this.tail_start = added.open_start;
    while (this.starts.length > most_lines) this.drop_block();
  }

  /** Marks the line that begins at this byte of the log and shows it; false where it is not here. */
  mark(start: number, wanted: string): boolean {
    const element = this.find(start, wanted.toLowerCase());
    if (!element) return false;
    this.unmark();
    this.marked = element;
    element.classList.add("hit");
    element.setAttribute("aria-current", "true");
    element.scrollIntoView({ block: "center" });
    return true;
  }

  unmark() {
    this.marked?.classList.remove("hit");
    this.marked?.removeAttribute("aria-current");
    this.marked = null;
  }

  /** What the marked line says, for those who do not see it. */
  get marked_text(): string {
    return this.marked?.textContent?.trim() ?? "";
  }

  // The line that `start` lies in; of one that was broken, the first piece that holds the text.
  private find(start: number, lower: string): HTMLElement | null {
    if (start >= this.tail_start && this.tail.textContent !== "") return this.tail;
    const exact = first_at(this.starts, start);
    const begin = this.starts[exact] === start ? start : this.starts[exact - 1];
    if (begin === undefined) return null;
    const first = first_at(this.starts, begin);
    for (let i = first; this.starts[i] === begin; ++i) {
      const element = this.element(i);
      if (element?.textContent?.toLowerCase().includes(lower)) return element;
    }
    return this.element(first);
  }

  private element(at: number): HTMLElement | null {
    const block = this.place.children[Math.floor(at / block_lines)];
    return (block?.children[at % block_lines] as HTMLElement | undefined) ?? null;
  }

  private append(line: Line, start: number) {
    if (!this.block || this.in_block === block_lines) {
      this.block = document.createElement("div");
      this.block.className = "block";
      this.in_block = 0;
      this.place.insertBefore(this.block, this.tail);
    }
    const element = document.createElement("div");
    element.className = "line";
    element.append(...pieces(line));
    this.block.append(element);
    ++this.in_block;
    this.starts.push(start);
  }

  private drop_block() {
    this.place.firstElementChild?.remove();
    this.starts.splice(0, block_lines);
    this.first += block_lines;
  }
}

/** The first place of a sorted list whose number is `wanted` or larger. */
export function first_at(sorted: number[], wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pieces(line: Line): Node[] {
  if (text_of(line) === "") return [document.createTextNode("\n")];
  return line.map((piece) => {
    if (piece.style === "") return document.createTextNode(piece.text);
    const span = document.createElement("span");
    span.className = piece.style;
    span.textContent = piece.text;
    return span;
  });
}
