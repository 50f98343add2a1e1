// A table of jobs whose rows stay in their places while somebody points at one.
import { memo } from "preact/compat";
import { useRef, useState } from "preact/hooks";
import { clock, exact, many, relative, span } from "../base/format";
import type { JobSummary } from "../base/model";
import { address } from "../base/route";
import { steady } from "../base/steady";
import { plain, short } from "../base/text";
import { no_stop, useNow, useSession } from "../live/hooks";
import { MayButton } from "../parts/may_button";
import { JobState, Progress } from "../parts/state";
import { next_sort, sorted, type Column, type Sort } from "./list";
import { StopDialog } from "./stop";

type Phase = "waiting" | "running" | "ended";

const time_names: Record<Phase, string> = { waiting: "Waits", running: "Runs", ended: "Ended" };

export function JobTable(props: { jobs: JobSummary[]; phase: Phase; ranked: boolean }) {
  const [sort, set_sort] = useState<Sort | null>(null);
  const [pointed, set_pointed] = useState(false);
  const [focused, set_focused] = useState(false);
  const [stopping, set_stopping] = useState<JobSummary | null>(null);
  const { who } = useSession();
  const now = useNow();
  const shown = useRef<JobSummary[]>([]);
  const { rows, held_back } = steady(shown.current, sorted(props.jobs, sort), (job) => job.id, pointed || focused);
  shown.current = rows;
  const press = (column: Column) => {
    shown.current = [];
    set_sort(next_sort(sort, column));
  };
  const heading = (column: Column, words: string, style = "") => (
    <th class={style} aria-sort={sort?.column === column ? (sort.down ? "descending" : "ascending") : "none"}>
      <button class="sort" onClick={() => press(column)}>
        {words}
        <span aria-hidden="true">{sort?.column === column ? (sort.down ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
  return (
    <>
      <table role="table" class={`jobs ${props.phase}`}>
        <thead>
          <tr>
            {heading("id", "Job", "number")}
            {heading("name", "Name")}
            <th>State</th>
            {heading("owner", "Owner")}
            {heading("queue", "Queue", "wide-only")}
            <th class="wide-only">Asks for</th>
            {heading("time", time_names[props.phase], "number")}
            <th>{props.phase === "waiting" ? "Why, and expected start" : "What there is to say"}</th>
            <th class="unseen-cell">
              <span class="unseen">Stop</span>
            </th>
          </tr>
        </thead>
        <tbody
          onPointerEnter={() => set_pointed(true)}
          onPointerLeave={() => set_pointed(false)}
          onFocusCapture={() => set_focused(true)}
          onBlurCapture={() => set_focused(false)}
        >
          {rows.map((job) => (
            <Row key={job.id} job={job} now={now} off={no_stop(who, job.owner)} stop={set_stopping} />
          ))}
        </tbody>
      </table>
      <p class="held muted" aria-hidden="true">
        {held_back > 0 ? `${many(held_back, "change")} held back while you point at the list` : "\u00a0"}
      </p>
      {stopping && <StopDialog job={stopping} close={() => set_stopping(null)} />}
    </>
  );
}

interface RowProps {
  job: JobSummary;
  now: number;
  /** Why it may not be stopped. */
  off: string;
  stop: (job: JobSummary) => void;
}

const seconds_told = 600e6;

function time_words(job: JobSummary, now: number): string {
  if (job.phase === "ended") return clock(job.ended, now);
  const since = now - (job.phase === "waiting" ? job.submitted : (job.started ?? job.submitted));
  // A column of seconds that all move is restless; after ten minutes nobody needs them.
  return span(since < seconds_told ? since : since - (since % 60e6));
}

function time_title(job: JobSummary): string {
  const parts = [`handed in ${exact(job.submitted)}`];
  if (job.started) parts.push(`started ${exact(job.started)}`);
  if (job.ended) parts.push(`ended ${exact(job.ended)}`);
  return parts.join("\n");
}

// Drawn anew only when something that it shows is another.
const Row = memo(
  function Row({ job, now, off, stop }: RowProps) {
    const where = address({ view: "job", job: job.id });
    const ended = job.phase === "ended";
    return (
      <tr role="row" class={job.phase}>
        <td role="cell" class="number id">
          <a href={where}>{job.id}</a>
        </td>
        <td role="cell" class="name">
          <a href={where} title={plain(job.name)}>
            {short(job.name, 60)}
          </a>
        </td>
        <td role="cell" class="state-cell">
          <JobState job={job} />
          {job.gangs > 1 && <Progress job={job} />}
        </td>
        <td role="cell" class="owner">
          {job.owner}
        </td>
        <td role="cell" class="wide-only">
          {job.queue}
        </td>
        <td role="cell" class="wide-only muted" title={job.request}>
          {job.taken && job.taken !== job.request ? job.taken : job.request}
        </td>
        <td role="cell" class="number time" title={time_title(job)}>
          {time_words(job, now)}
          {ended && job.started && <span class="muted"> ran {span(job.ended! - job.started)}</span>}
        </td>
        <td role="cell" class="says">
          <Says job={job} now={now} />
        </td>
        <td role="cell" class="act">
          {!ended && (
            <MayButton class="quiet" off={off} press={() => stop(job)} label={`Stop job ${job.id}`}>
              Stop
            </MayButton>
          )}
        </td>
      </tr>
    );
  },
  (a, b) =>
    JSON.stringify(a.job) === JSON.stringify(b.job) &&
    time_words(a.job, a.now) === time_words(b.job, b.now) &&
    (a.job.expected === undefined || relative(a.job.expected, a.now) === relative(b.job.expected, b.now)) &&
    a.off === b.off,
);

function Says({ job, now }: { job: JobSummary; now: number }) {
  const words = job.phase === "ended" ? plain(job.ending?.detail) : plain(job.reason);
  return (
    <>
      {words !== "" && <span title={words}>{words}</span>}
      {job.expected !== undefined && (
        <span class="expected" title={exact(job.expected)}>
          starts by {clock(job.expected, now)}, {relative(job.expected, now)}
        </span>
      )}
    </>
  );
}
