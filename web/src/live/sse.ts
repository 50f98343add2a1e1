// Server-sent events, read from a stream that may be cut anywhere.
export interface StreamEvent {
  id?: string;
  kind: string;
  text: string;
}

/** More than this without an end of an event is no stream of ours. */
export const longest_event = 1 << 20;

export class EventReader {
  private rest = "";
  private id: string | undefined;
  private kind = "";
  private lines: string[] = [];

  /** The newest that was said, also where no event came with it. */
  last_id(): string | undefined {
    return this.id;
  }

  /** The events that `text` completed. Throws where an event is longer than `longest_event`. */
  read(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    let input = this.rest + text;
    // "\r" at the end may be the first half of "\r\n".
    const held = input.endsWith("\r") ? "\r" : "";
    if (held) input = input.slice(0, -1);
    const lines = input.split(/\r\n|\n|\r/);
    this.rest = lines.pop()! + held;
    for (const line of lines) {
      const event = this.take(line);
      if (event) events.push(event);
    }
    const kept = this.lines.reduce((sum, line) => sum + line.length, this.rest.length);
    if (kept > longest_event) throw new Error("the service sent an event that is too long");
    return events;
  }

  private take(line: string): StreamEvent | undefined {
    if (line === "") return this.finish();
    if (line.startsWith(":")) return undefined;
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id" && !value.includes("\0")) this.id = value;
    else if (name === "event") this.kind = value;
    else if (name === "data") this.lines.push(value);
    return undefined;
  }

  private finish(): StreamEvent | undefined {
    const event = { id: this.id, kind: this.kind || "message", text: this.lines.join("\n") };
    const empty = this.kind === "" && this.lines.length === 0;
    this.kind = "";
    this.lines = [];
    return empty ? undefined : event;
  }
}
