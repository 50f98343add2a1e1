// The one stream of events, which comes back by itself and goes on where it broke off.
import type { FeedEntry } from "../base/model";
import type { Api } from "./api";
import { EventReader } from "./sse";

/** How things are with the service, as the banner says it. */
export type Link =
  | { state: "connecting" }
  | { state: "live" }
  /** The gateway answers, the service behind it does not. */
  | { state: "gone" }
  | { state: "lost"; again_at: number };

export interface StreamUser {
  entry(entry: FeedEntry): void;
  /** Everything is to be asked for again. */
  reset(): void;
  link(link: Link): void;
}

const first_pause = 500;
const longest_pause = 15_000;
/** The service writes a comment each 15 s; after three of them it counts as lost. */
const longest_silence = 45_000;

export class EventStream {
  private last: string | undefined;
  private ended = false;
  private end = new AbortController();
  private wake: (() => void) | undefined;

  constructor(
    private api: Pick<Api, "events">,
    private user: StreamUser,
    private now: () => number = Date.now,
  ) {}

  stop() {
    this.ended = true;
    this.end.abort();
    this.wake?.();
  }

  /** Tries again at once, where it waits to. */
  hurry() {
    this.wake?.();
  }

  async run(): Promise<void> {
    let failures = 0;
    while (!this.ended) {
      const opened = await this.follow();
      if (this.ended) return;
      failures = opened ? 1 : failures + 1;
      const pause = pause_after(failures);
      this.user.link({ state: "lost", again_at: this.now() + pause });
      await this.sleep(pause);
    }
  }

  // Reads until the stream ends; whether it was open at all.
  private async follow(): Promise<boolean> {
    this.end = new AbortController();
    let opened = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.end.abort(), longest_silence);
    };
    try {
      patience();
      const answer = await this.api.events(this.last, this.end.signal);
      if (!answer.ok || !answer.body) return false;
      opened = true;
      // What happened while nobody listened is told only to who says where he was.
      if (this.last === undefined) this.user.reset();
      this.user.link({ state: "live" });
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      const events = new EventReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return opened;
        patience();
        for (const event of events.read(decoder.decode(value, { stream: true }))) this.take(event);
        this.last = events.last_id() ?? this.last;
      }
    } catch {
      return opened;
    } finally {
      clearTimeout(timer);
      this.end.abort();
    }
  }

  private take(event: { id?: string; kind: string; text: string }) {
    if (event.kind === "reset") this.user.reset();
    else if (event.kind === "gone") this.user.link({ state: "gone" });
    else if (event.kind === "back") {
      this.user.link({ state: "live" });
      this.user.reset();
    } else {
      this.user.entry(entry_of(event));
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}

/** Doubles from half a second to a quarter of a minute. */
export function pause_after(failures: number): number {
  return Math.min(first_pause * 2 ** (failures - 1), longest_pause);
}

function entry_of(event: { kind: string; text: string }): FeedEntry {
  try {
    return { ...(JSON.parse(event.text) as FeedEntry), kind: event.kind };
  } catch {
    return { kind: event.kind };
  }
}
