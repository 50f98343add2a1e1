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

/**
 * What is asked for. A job of which no gang runs yet and some are starting is `starting` to the service, and among those
 * that run to a reader.
 */
export function list_paths(filter: Filter): string[] {
  const phases = filter.phase === "running" ? ["running", "starting"] : [filter.phase];
  return phases.map((phase) => list_path(filter, phase));
}

function list_path(filter: Filter, phase: string): string {
  const query = new URLSearchParams({ phase, limit: String(page) });
  if (filter.phase === "ended") query.set("all", "");
  if (filter.text !== "") query.set("text", filter.text);
  if (filter.queue !== "") query.set("queue", filter.queue);
  if (filter.before !== undefined) query.set("before", String(filter.before));
  if (filter.phase === "waiting" && !filter.newest_first) query.set("order", "start");
  return `/v1/jobs?${query}`;
}

export interface Listed {
  jobs: JobSummary[];
  /** There are more, older than the last of these. */
  more: boolean;
}

/** One page of several lists, each the newest first: no job twice, and none left out between two pages. */
export function one_page(lists: JobSummary[][]): Listed {
  if (lists.length === 1) return { jobs: lists[0]!, more: lists[0]!.length === page };
  const newest = new Map<number, JobSummary>();
  for (const list of lists) for (const job of list) if (!newest.has(job.id)) newest.set(job.id, job);
  const all = [...newest.values()].sort((a, b) => b.id - a.id);
  return { jobs: all.slice(0, page), more: all.length > page || lists.some((list) => list.length === page) };
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
