// Reads a log by ranges: its end first, then what is added, without a byte twice.
import { AnsiReader, type Line } from "../base/ansi";
import type { LogChunk } from "../base/model";
import { bytes_of } from "../base/text";

/** So much of a long log is read at first, and with each look further back. */
export const window_bytes = 256 << 10;
/** More is not kept in the page. */
export const most_bytes = 8 << 20;
const chunk_bytes = 1 << 20;

export interface Added {
  lines: Line[];
  /** The line that has no end yet. */
  open: Line;
}

export class LogReader {
  /** Where what was read begins, and how long the log was when it was asked last. */
  from = 0;
  size = 0;
  /** Bytes that the log lost, as its task wrote more than its limit. */
  dropped = 0;
  private next: number | undefined;
  private decoder = new TextDecoder();
  private ansi = new AnsiReader();

  constructor(
    private ask: (query: string) => Promise<LogChunk>,
    private window = window_bytes,
  ) {}

  /** True once everything that there was is read. */
  caught_up(): boolean {
    return this.next !== undefined && this.next >= this.size;
  }

  /** Reads on by one range. */
  async read(): Promise<Added> {
    if (this.next === undefined) {
      this.size = (await this.ask("&from=0&most=1")).size;
      this.next = this.from = Math.max(0, this.size - this.window);
    }
    const chunk = await this.ask(`&from=${this.next}&most=${chunk_bytes}`);
    this.size = chunk.size;
    this.dropped += chunk.dropped ?? 0;
    const bytes = bytes_of(chunk.bytes);
    const lines: Line[] = [];
    if (chunk.from > this.next && bytes.length > 0) {
      lines.push([{ text: `… ${chunk.from - this.next} bytes are not kept …`, style: "gap" }]);
      this.decoder = new TextDecoder();
    }
    this.next = Math.max(this.next, chunk.from) + bytes.length;
    lines.push(...this.ansi.read(this.decoder.decode(bytes, { stream: true })));
    return { lines, open: this.ansi.open_line() };
  }
}

export function text_of(line: Line): string {
  return line.map((piece) => piece.text).join("");
}
