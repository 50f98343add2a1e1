// What makes each view stale.
import type { FeedEntry } from "../base/model";
import type { Rule } from "./fresh";

const about_jobs = new Set(
  "submitted starting started ended again returned stopping making-room never-ran promised promise-lost".split(" "),
);

export const each_second: Rule = { every: 1000, on: () => true };
export const readings_rule: Rule = { every: 5000 };
export const list_rule: Rule = { on: (entry) => about_jobs.has(entry.kind), every: 30_000 };
export const status_rule: Rule = { on: (entry) => about_jobs.has(entry.kind), every: 15_000 };
export const timeline_rule: Rule = { on: (entry) => about_jobs.has(entry.kind), every: 10_000 };
/** Why something waits depends on all others. */
export const why_rule: Rule = { on: (entry) => about_jobs.has(entry.kind), every: 15_000 };
export const once: Rule = {};

export function job_rule(job: number): Rule {
  return { on: (entry) => entry.job === job || entry.job === undefined, every: 30_000 };
}

/** What a gang wrote is read once it ended, and stays. */
export function results_rule(job: number): Rule {
  return { on: (entry) => entry.job === job && entry.kind === "ended", every: 60_000 };
}

export function gang_rule(job: number, gang: number): Rule {
  const about_it = (entry: FeedEntry) => {
    if (entry.job !== job) return false;
    if (entry.gang === undefined) return true;
    return gang >= entry.gang && gang < entry.gang + (entry.count ?? 1);
  };
  return { on: about_it, every: 30_000 };
}
