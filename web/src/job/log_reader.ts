// Reads a part of a log by ranges, without a byte twice: its end and what is added to it, or what lies around a place.
import { AnsiReader, type Line } from "../base/ansi";
import type { LogChunk } from "../base/model";
import { bytes_of } from "../base/text";

/** So much of a long log is read at first, and with each look further back. */
export const window_bytes = 256 << 10;
/** More is not kept in the page. */
export const most_bytes = 8 << 20;
/** So much is put into the page at once, so that it answers meanwhile. */
const chunk_bytes = 256 << 10;

/** Which part: its newest `last` bytes and what comes, or the bytes from `from` to `until`. */
export type Part = { last: number } | { from: number; until: number };

/** What lies around a place in the log. */
export function part_around(at: number): Part {
  return { from: Math.max(0, at - window_bytes / 4), until: at + window_bytes / 4 };
}

export interface Added {
  lines: Line[];
  /** Where each of them begins in the log; a line that was broken has one beginning. */
  starts: number[];
  /** The line that has no end yet, and where it begins. */
  open: Line;
  open_start: number;
}

export class LogReader {
  /** Where what was read begins and ends, and how long the log was when it was asked last. */
  from = 0;
  to = 0;
  size = 0;
  /** Bytes that the log lost, as its task wrote more than its limit. */
  dropped = 0;
  private begun = false;
  private line_start = 0;
  private decoder = new TextDecoder();
  private ansi = new AnsiReader();

  constructor(
    private ask: (query: string) => Promise<LogChunk>,
    private part: Part = { last: window_bytes },
  ) {}

  /** True once everything of its part that there was is read. */
  caught_up(): boolean {
    return this.begun && this.to >= this.end();
  }

  /** Reads on by one range. */
  async read(): Promise<Added> {
    if (!this.begun) {
      this.size = await this.length();
      const from = "last" in this.part ? this.size - this.part.last : this.part.from;
      this.to = this.from = this.line_start = Math.max(0, Math.min(from, this.size));
      this.begun = true;
    }
    const most = Math.min(chunk_bytes, "last" in this.part ? chunk_bytes : Math.max(0, this.part.until - this.to));
    const added: Added = { lines: [], starts: [], open: [], open_start: this.line_start };
    if (most > 0) await this.read_on(most, added);
    else this.size = await this.length();
    added.open = this.ansi.open_line();
    added.open_start = this.line_start;
    return added;
  }

  private async length(): Promise<number> {
    return (await this.ask("&from=0&most=1")).size;
  }

  private end(): number {
    return "last" in this.part ? this.size : Math.min(this.size, this.part.until);
  }

  private async read_on(most: number, added: Added) {
    const chunk = await this.ask(`&from=${this.to}&most=${most}`);
    const bytes = bytes_of(chunk.bytes);
    this.size = chunk.size;
    this.dropped += chunk.dropped ?? 0;
    if (chunk.from > this.to && bytes.length > 0) {
      added.lines.push([{ text: `… ${chunk.from - this.to} bytes are not kept …`, style: "gap" }]);
      added.starts.push(this.to);
      this.to = this.line_start = chunk.from;
      this.decoder = new TextDecoder();
    }
    for (let begin = 0; begin < bytes.length;) {
      const end = bytes.indexOf(10, begin);
      const stop = end < 0 ? bytes.length : end + 1;
      for (const line of this.ansi.read(this.decoder.decode(bytes.subarray(begin, stop), { stream: true }))) {
        added.lines.push(line);
        added.starts.push(this.line_start);
      }
      if (end >= 0) this.line_start = this.to + stop;
      begin = stop;
    }
    // What a log of fewer bytes than it says does not have is not waited for.
    this.to = bytes.length === 0 ? Math.max(this.to, this.end()) : this.to + bytes.length;
  }
}

export function text_of(line: Line): string {
  return line.map((piece) => piece.text).join("");
}
