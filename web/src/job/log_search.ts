// Finds a text in a whole log, which is read by ranges from its beginning on, whatever part of it the page shows.
import { AnsiReader } from "../base/ansi";
import type { LogChunk } from "../base/model";
import { bytes_of, visible } from "../base/text";
import { text_of } from "./log_reader";

/** Of a longer log its newest part of this length is searched. */
export const most_searched = 256 << 20;
/** After so many lines with the text it is not looked for any more. */
export const most_hits = 10_000;
const chunk_bytes = 1 << 20;
/** Of a line without an end no more is kept to be put together with what follows. */
const longest_open = 1 << 20;

const sequence = /\u001b\[[0-9:;<=>?]{0,60}[ -/]*[@-~]/g;
const line_end = 10;

export class LogSearch {
  /** Where the lines begin that hold the text, in order. */
  hits: number[] = [];
  /** What was searched, and how long the log was when it was asked last. */
  from = 0;
  to = 0;
  size = 0;
  private wanted: string;
  private open = new Uint8Array();
  private begun = false;

  constructor(
    private ask: (query: string) => Promise<LogChunk>,
    wanted: string,
    private most = most_searched,
  ) {
    this.wanted = wanted.toLowerCase();
  }

  /** It stopped because the text stands in too many lines. */
  get full(): boolean {
    return this.hits.length >= most_hits;
  }

  /** Everything that there was is searched, or it is `full`. */
  get done(): boolean {
    return this.begun && (this.full || this.to >= this.size);
  }

  /** Searches on by one range; also after a log that was done has grown. */
  async step() {
    if (!this.begun) {
      this.size = (await this.ask("&from=0&most=1")).size;
      this.from = this.to = Math.max(0, this.size - this.most);
      this.begun = true;
    }
    const chunk = await this.ask(`&from=${this.to}&most=${chunk_bytes}`);
    const bytes = bytes_of(chunk.bytes);
    this.size = chunk.size;
    if (chunk.from > this.to) {
      this.open = new Uint8Array();
      this.to = chunk.from;
    }
    const whole = joined(this.open, bytes);
    const at = this.to - this.open.length;
    // What a log of fewer bytes than it says does not have is not waited for.
    this.to = bytes.length === 0 ? Math.max(this.to, this.size) : this.to + bytes.length;
    // The line without an end is searched again with what is added to it.
    while (this.hits.length > 0 && this.hits[this.hits.length - 1]! >= at) this.hits.pop();
    this.look(whole, at);
    const end = whole.lastIndexOf(line_end) + 1;
    this.open = whole.slice(Math.max(end, whole.length - longest_open));
  }

  private look(bytes: Uint8Array, at: number) {
    const decoder = new TextDecoder();
    if (!this.may_hold(decoder.decode(bytes))) return;
    for (let begin = 0; begin < bytes.length && !this.full;) {
      const end = bytes.indexOf(line_end, begin);
      const stop = end < 0 ? bytes.length : end + 1;
      const ansi = new AnsiReader();
      const lines = [...ansi.read(decoder.decode(bytes.subarray(begin, stop))), ansi.open_line()];
      if (lines.some((line) => text_of(line).toLowerCase().includes(this.wanted))) this.hits.push(at + begin);
      begin = stop;
    }
  }

  // A look at all at once, which spares most parts of a log the one at each line.
  private may_hold(text: string): boolean {
    // Where a line was written over, what stands there now may be nowhere as one in what was written.
    if (/\r(?!\n)/.test(text)) return true;
    const bare = text.includes("\u001b") ? text.replace(sequence, "") : text;
    return visible(bare).toLowerCase().includes(this.wanted);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
