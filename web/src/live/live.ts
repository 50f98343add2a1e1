// What is on the screen, kept true: each thing that a view watches is asked for again when an event made it stale.
import type { FeedEntry } from "../base/model";
import { Api, Refusal } from "./api";
import { all_of, Freshness, type Rule } from "./fresh";
import { EventStream, type Link } from "./stream";

export interface Seen<T> {
  /** The newest that came. It stays while the service cannot be reached. */
  value?: T;
  /** Why there is nothing newer; gone with the next good answer. */
  trouble?: Refusal;
  /** Counts the answers that differed from the one before. */
  version: number;
}

/** How long something that nobody looks at any more is kept, for who comes back. */
const kept_unwatched = 60_000;
const step = 100;

class Watched {
  seen: Seen<unknown> = { version: 0 };
  text = "";
  watchers = new Map<() => void, Rule>();
  fresh = new Freshness(all_of(() => this.watchers.values()));
  left_at = 0;

  constructor(readonly path: string) {}
}

export class Live {
  link: Link = { state: "connecting" };
  /** When the last good answer came, by this clock. */
  good_at = 0;
  private things = new Map<string, Watched>();
  private link_watchers = new Set<() => void>();
  private stream: EventStream;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly api: Api,
    private now: () => number = Date.now,
    private hidden: () => boolean = () => document.hidden,
  ) {
    this.stream = new EventStream(api, {
      entry: (entry) => this.entry(entry),
      reset: () => this.reset(),
      link: (link) => this.set_link(link),
    });
  }

  start() {
    void this.stream.run();
    this.timer = setInterval(() => this.tick(), step);
  }

  stop() {
    this.stream.stop();
    clearInterval(this.timer);
  }

  /** Calls `changed` whenever what `path` answers does; the result ends that. */
  watch(path: string, rule: Rule, changed: () => void): () => void {
    let thing = this.things.get(path);
    if (!thing) {
      thing = new Watched(path);
      this.things.set(path, thing);
    } else if (thing.watchers.size === 0) {
      thing.fresh.mark_all();
    }
    const watched = thing;
    watched.watchers.set(changed, rule);
    this.ask_if_due(watched);
    return () => {
      watched.watchers.delete(changed);
      watched.left_at = this.now();
    };
  }

  seen<T>(path: string): Seen<T> {
    return (this.things.get(path)?.seen ?? { version: 0 }) as Seen<T>;
  }

  watch_link(changed: () => void): () => void {
    this.link_watchers.add(changed);
    return () => this.link_watchers.delete(changed);
  }

  /** What a person just did shows at once. */
  reset() {
    for (const thing of this.things.values()) thing.fresh.mark_all();
  }

  /** Tries again now. */
  hurry() {
    this.stream.hurry();
    this.reset();
  }

  private entry(entry: FeedEntry) {
    // What nobody watches is asked for anew when somebody does.
    for (const thing of this.things.values()) if (thing.watchers.size > 0) thing.fresh.mark(entry);
  }

  private set_link(link: Link) {
    this.link = link;
    for (const changed of this.link_watchers) changed();
  }

  private tick() {
    if (this.hidden()) return;
    for (const [path, thing] of this.things) {
      if (thing.watchers.size > 0) this.ask_if_due(thing);
      else if (this.now() - thing.left_at > kept_unwatched) this.things.delete(path);
    }
  }

  private ask_if_due(thing: Watched) {
    if (thing.fresh.due(this.now())) void this.ask(thing);
  }

  private async ask(thing: Watched) {
    thing.fresh.asked(this.now());
    try {
      const text = await this.api.text("GET", thing.path);
      thing.fresh.answered(this.now(), "well");
      this.good_at = this.now();
      if (text === thing.text && thing.seen.trouble === undefined) return;
      thing.text = text;
      thing.seen = { value: JSON.parse(text) as unknown, version: thing.seen.version + 1 };
    } catch (trouble) {
      const known = trouble instanceof Refusal ? trouble : new Refusal(0, "the answer makes no sense", "", []);
      thing.fresh.answered(this.now(), final(known) ? "final" : "badly");
      thing.seen = { ...thing.seen, trouble: known, version: thing.seen.version + 1 };
      thing.text = "";
    }
    for (const changed of thing.watchers.keys()) changed();
  }
}

// Whether asking again could not help before something happens.
function final(refusal: Refusal): boolean {
  return refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429 && refusal.status !== 408;
}
