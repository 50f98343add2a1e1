// What a program wrote to its log, as lines of coloured text. Obeyed are colours, weight and underline, and what progress
// bars are drawn with: a carriage return, behind which new text stands over the old, and the erasing of a line. Other
// sequences of a terminal do nothing here, broken ones and other control characters are shown. One call can end anywhere,
// also within a sequence.
import { visible } from "./text";

export interface Piece {
  text: string;
  /** Names of style classes: "fg1 bold". Empty: plain. */
  style: string;
}
export type Line = Piece[];

interface Pen {
  fg: string;
  bg: string;
  marks: Set<string>;
}

/** A sequence longer than this is none. */
const longest_sequence = 64;
/** A line is broken here, so that no program can make one that a browser cannot show. */
export const longest_line = 10_000;

const marks: Record<number, string> = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "struck" };
const unmarks: Record<number, string[]> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  29: ["struck"],
};

export class AnsiReader {
  private pen: Pen = { fg: "", bg: "", marks: new Set() };
  private rest = "";
  // The line as it was written: what stands before the place of the next character, and what behind it, that one last.
  private before: Line = [];
  private behind: Line = [];
  private length = 0; // of `before`
  private returned = false;

  /** The lines that `text` finished. */
  read(text: string): Line[] {
    const input = this.rest + text;
    this.rest = "";
    const lines: Line[] = [];
    let at = 0;
    while (at < input.length) {
      const special = next_special(input, at);
      if (special > at) this.write(input.slice(at, special), lines);
      if (special === input.length) break;
      const used = this.obey(input, special, lines);
      if (used === 0) {
        this.rest = input.slice(special);
        break;
      }
      at = special + used;
    }
    return lines;
  }

  /** The line that is not finished yet, as far as it goes. */
  open_line(): Line {
    if (this.behind.length === 0) return this.before.map(shown);
    const line: Line = [];
    for (const piece of [...this.before, ...this.behind.slice().reverse()]) {
      const last = line[line.length - 1];
      if (last && last.style === piece.style) last.text += visible(piece.text);
      else line.push(shown(piece));
    }
    return line;
  }

  private write(text: string, lines: Line[]) {
    this.go_back();
    let rest = text;
    while (this.length + rest.length > longest_line) {
      const room = longest_line - this.length;
      this.put(rest.slice(0, room));
      this.finish(lines);
      rest = rest.slice(room);
    }
    this.put(rest);
  }

  // Over what stands there.
  private put(text: string) {
    if (text === "") return;
    this.drop(text.length);
    const style = this.style();
    const last = this.before[this.before.length - 1];
    if (last && last.style === style) last.text += text;
    else this.before.push({ text, style });
    this.length += text.length;
  }

  private drop(count: number) {
    let left = count;
    while (left > 0 && this.behind.length > 0) {
      const next = this.behind.pop()!;
      if (next.text.length > left) {
        const rest = next.text.slice(left);
        // Half of a character is none.
        this.behind.push({ text: rest.replace(/^[\udc00-\udfff]/, ""), style: next.style });
      }
      left -= next.text.length;
    }
  }

  private go_back() {
    if (!this.returned) return;
    this.returned = false;
    while (this.before.length > 0) this.behind.push(this.before.pop()!);
    this.length = 0;
  }

  // 0: what is behind the place of the next character; 1: what is before it; 2: both.
  private erase(which: number) {
    this.go_back();
    if (which !== 1) this.behind = [];
    if (which > 0 && this.length > 0) this.before = [{ text: " ".repeat(this.length), style: "" }];
  }

  private finish(lines: Line[]) {
    lines.push(this.open_line());
    this.before = [];
    this.behind = [];
    this.length = 0;
    this.returned = false;
  }

  // Obeys the special character at `at`; how many characters that took, 0 where it is not complete.
  private obey(input: string, at: number, lines: Line[]): number {
    const character = input[at];
    if (character === "\n") {
      this.finish(lines);
      return 1;
    }
    if (character === "\r") {
      this.returned = true;
      return 1;
    }
    const sequence = /^\u001b\[([0-9:;<=>?]*)[ -/]*([@-~])/.exec(input.slice(at, at + longest_sequence));
    if (sequence) {
      if (sequence[2] === "m") this.colour(sequence[1]!);
      else if (sequence[2] === "K" && /^[012]?$/.test(sequence[1]!)) this.erase(Number(sequence[1]));
      return sequence[0].length;
    }
    const begun = input.slice(at);
    if (begun.length < longest_sequence && /^\u001b(\[[0-9:;<=>?]*[ -/]*)?$/.test(begun)) return 0;
    this.write("\u001b", lines);
    return 1;
  }

  private colour(codes: string) {
    if (/[<=>?]/.test(codes)) return;
    const numbers = codes.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
    for (let i = 0; i < numbers.length; ++i) {
      const n = numbers[i]!;
      if (n === 0) this.pen = { fg: "", bg: "", marks: new Set() };
      else if (marks[n]) this.pen.marks.add(marks[n]!);
      else if (unmarks[n]) for (const mark of unmarks[n]!) this.pen.marks.delete(mark);
      else if (n >= 30 && n <= 37) this.pen.fg = `fg${n - 30}`;
      else if (n >= 90 && n <= 97) this.pen.fg = `fg${n - 90 + 8}`;
      else if (n >= 40 && n <= 47) this.pen.bg = `bg${n - 40}`;
      else if (n >= 100 && n <= 107) this.pen.bg = `bg${n - 100 + 8}`;
      else if (n === 39) this.pen.fg = "";
      else if (n === 49) this.pen.bg = "";
      else if (n === 38 || n === 48) {
        const [name, used] = extended(numbers, i + 1);
        if (n === 38) this.pen.fg = name === undefined ? "" : `fg${name}`;
        else this.pen.bg = name === undefined ? "" : `bg${name}`;
        i += used;
      }
    }
  }

  private style(): string {
    return [this.pen.fg, this.pen.bg, ...this.pen.marks].filter((word) => word !== "").join(" ");
  }
}

function shown(piece: Piece): Piece {
  return { text: visible(piece.text), style: piece.style };
}

// The nearest of the sixteen colours to one of 256 or of 16 million, and how many numbers said it.
function extended(numbers: number[], at: number): [number | undefined, number] {
  if (numbers[at] === 5) {
    const n = numbers[at + 1] ?? 0;
    if (n < 16) return [n, 2];
    if (n >= 232) return [n < 240 ? 8 : n < 250 ? 7 : 15, 2];
    const cube = n - 16;
    return [nearest(Math.floor(cube / 36) / 5, (Math.floor(cube / 6) % 6) / 5, (cube % 6) / 5), 2];
  }
  if (numbers[at] === 2) {
    const part = (i: number) => Math.min(numbers[at + i] ?? 0, 255) / 255;
    return [nearest(part(1), part(2), part(3)), 4];
  }
  return [undefined, 0];
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  if (most < 0.2) return 0;
  const bit = (value: number) => (value > most * 0.6 ? 1 : 0);
  return bit(red) + 2 * bit(green) + 4 * bit(blue) + (most > 0.75 ? 8 : 0);
}

function next_special(text: string, from: number): number {
  for (let i = from; i < text.length; ++i) {
    const code = text.charCodeAt(i);
    if (code === 10 || code === 13 || code === 27) return i;
  }
  return text.length;
}
