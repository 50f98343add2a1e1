// Which jobs are asked for, and in which order those on the screen stand. Pure.
import type { JobSummary } from "../base/model";
import { plain } from "../base/text";

export const page = 50;

export interface Filter {
  phase: "waiting" | "running" | "ended";
  text: string;
  queue: string;
  before?: number;
  newest_first: boolean;
}

export function list_path(filter: Filter): string {
  const query = new URLSearchParams({ phase: filter.phase, limit: String(page) });
  if (filter.phase === "ended") query.set("all", "");
  if (filter.text !== "") query.set("text", filter.text);
  if (filter.queue !== "") query.set("queue", filter.queue);
  if (filter.before !== undefined) query.set("before", String(filter.before));
  if (filter.phase === "waiting" && !filter.newest_first) query.set("order", "start");
  return `/v1/jobs?${query}`;
}

export type Column = "id" | "name" | "owner" | "queue" | "gangs" | "time";
export interface Sort {
  column: Column;
  down: boolean;
}

export function time_of(job: JobSummary): number {
  if (job.phase === "ended") return job.ended ?? job.submitted;
  return job.phase === "waiting" ? job.submitted : (job.started ?? job.submitted);
}

const values: Record<Column, (job: JobSummary) => number | string> = {
  id: (job) => job.id,
  name: (job) => plain(job.name).toLowerCase(),
  owner: (job) => job.owner,
  queue: (job) => job.queue,
  gangs: (job) => job.gangs,
  time: time_of,
};

/** Sorted copies; without a sort, as the service has them. */
export function sorted(jobs: JobSummary[], sort: Sort | null): JobSummary[] {
  if (!sort) return jobs;
  const value = values[sort.column];
  const sign = sort.down ? -1 : 1;
  return [...jobs].sort((a, b) => {
    const one = value(a);
    const other = value(b);
    return sign * (one < other ? -1 : one > other ? 1 : a.id - b.id);
  });
}

/** A press on a heading: up, down, as the service has it. */
export function next_sort(sort: Sort | null, column: Column): Sort | null {
  if (sort?.column !== column) return { column, down: false };
  return sort.down ? null : { column, down: true };
}
