// The lines of a log in the page: added at the end, dropped at the beginning, found by their text. Text nodes only.
import type { Line } from "../base/ansi";
import { text_of, type Added } from "./log_reader";

/** More lines than this are dropped at the beginning, a block at a time. */
export const most_lines = 20_000;
const block_lines = 200;

export class LogLines {
  private texts: string[] = [];
  private first = 0;
  private block: HTMLElement | null = null;
  private in_block = 0;
  private tail = document.createElement("div");
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
    return this.texts.length === 0 && this.tail.textContent === "";
  }

  add(added: Added) {
    for (const line of added.lines) this.append(line);
    this.tail.replaceChildren(...pieces(added.open));
    while (this.texts.length > most_lines) this.drop_block();
  }

  /** Numbers of the lines that hold `wanted`, whatever its case. */
  find(wanted: string): number[] {
    const lower = wanted.toLowerCase();
    const found: number[] = [];
    this.texts.forEach((text, i) => {
      if (text.includes(lower)) found.push(this.first + i);
    });
    return found;
  }

  /** Shows a line and marks it. */
  mark(number: number | null) {
    this.marked?.classList.remove("hit");
    this.marked = number === null ? null : this.element(number);
    this.marked?.classList.add("hit");
    this.marked?.scrollIntoView({ block: "center" });
  }

  private element(number: number): HTMLElement | null {
    const at = number - this.first;
    const block = this.place.children[Math.floor(at / block_lines)];
    return (block?.children[at % block_lines] as HTMLElement | undefined) ?? null;
  }

  private append(line: Line) {
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
    this.texts.push(text_of(line).toLowerCase());
  }

  private drop_block() {
    this.place.firstElementChild?.remove();
    this.texts.splice(0, block_lines);
    this.first += block_lines;
  }
}

function pieces(line: Line): Node[] {
  if (line.length === 0) return [document.createTextNode("\n")];
  return line.map((piece) => {
    if (piece.style === "") return document.createTextNode(piece.text);
    const span = document.createElement("span");
    span.className = piece.style;
    span.textContent = piece.text;
    return span;
  });
}
