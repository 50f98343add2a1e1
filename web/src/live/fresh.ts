// When something on the screen is to be asked for again. No clock of its own: it is told the time, in milliseconds.
import type { FeedEntry } from "../base/model";

export interface Rule {
  /** Whether an entry of the feed makes it stale. Left out: none does. */
  on?: (entry: FeedEntry) => boolean;
  /** Stale so many milliseconds after it was fetched. Left out: never by itself. */
  every?: number;
}

/** The rule of all who watch one thing; who watches may change. */
export function all_of(rules: () => Iterable<Rule>): Rule {
  return {
    // Called for each entry and each thing: no lists are made of the rules.
    on: (entry) => {
      for (const rule of rules()) if (rule.on?.(entry)) return true;
      return false;
    },
    get every() {
      let least = Infinity;
      for (const rule of rules()) least = Math.min(least, rule.every ?? Infinity);
      return Number.isFinite(least) ? least : undefined;
    },
  };
}

/** Nothing is asked for more often than that; with a look each `step` of live.ts what happens is seen within a second. */
export const shortest_pause = 800;
/** And no more than this part of the time is spent asking for one thing, so that a slow service is left in peace. */
const busy_part = 0.25;
const longest_pause = 30_000;

export class Freshness {
  private stale = true;
  private asking = false;
  private asked_at = -Infinity;
  private answered_at = -Infinity;
  private failures = 0;
  private final = false;

  constructor(private rule: Rule) {}

  mark(entry: FeedEntry) {
    if (this.rule.on?.(entry)) this.stale = true;
  }

  mark_all() {
    this.stale = true;
  }

  due(now: number): boolean {
    if (this.asking) return false;
    if (now - this.asked_at < this.pause()) return false;
    if (this.stale || this.failures > 0) return true;
    return !this.final && this.rule.every !== undefined && now - this.asked_at >= this.rule.every;
  }

  /** What is marked from now on makes it stale again, as the answer may not know of it. */
  asked(now: number) {
    this.asking = true;
    this.stale = false;
    this.asked_at = now;
  }

  /** "final": there is no such thing, and asking again is of no use before something happens. */
  answered(now: number, how: "well" | "badly" | "final") {
    this.asking = false;
    this.answered_at = now;
    this.final = how === "final";
    this.failures = how === "badly" ? this.failures + 1 : 0;
  }

  private pause(): number {
    if (this.failures > 0) return Math.min(shortest_pause * 2 ** (this.failures - 1), longest_pause);
    const took = Math.max(0, this.answered_at - this.asked_at);
    return Math.min(Math.max(shortest_pause, took / busy_part), longest_pause);
  }
}
