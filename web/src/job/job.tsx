// One job: how it stands and why, its gangs, and one of them with its log.
import { useMemo, useState } from "preact/hooks";
import { clock, count, energy, exact, many, relative, since, size, span } from "../base/format";
import type { Cells, JobDetail, JobSpec, JobSummary, WhyAnswer } from "../base/model";
import { address } from "../base/route";
import { plain, short } from "../base/text";
import { no_stop, useLive, useNow, useSession } from "../live/hooks";
import { job_rule, why_rule } from "../live/rules";
import { MayButton } from "../parts/may_button";
import { Trouble } from "../parts/notice";
import { Tabs, tab_id } from "../parts/tabs";
import { JobState, Progress } from "../parts/state";
import { StopDialog } from "../jobs/stop";
import { CellGrid } from "./cells";
import { EndingBox } from "./ending";
import { GangPanel } from "./gang";
import { GangTable } from "./gang_table";
import { ResultView } from "./result_view";
import { sweep_values, values_words } from "./values";

/** A job of so many gangs or fewer is shown as a table at once. */
const few_gangs = 12;

export function JobView(props: { job: number; gang?: number }) {
  const seen = useLive<JobDetail>(`/v1/jobs/${props.job}?first=0&most=${few_gangs}`, job_rule(props.job));
  const detail = seen.value;
  if (!detail) {
    return (
      <>
        <h1>Job {props.job}</h1>
        <Trouble trouble={seen.trouble} has_value={false} />
      </>
    );
  }
  const { summary } = detail;
  const shown = props.gang ?? (summary.gangs === 1 ? 0 : undefined);
  return (
    <>
      <JobHead summary={summary} />
      <Trouble trouble={seen.trouble} has_value />
      {summary.phase !== "ended" && <Why job={summary} />}
      {summary.ending && summary.gangs === 1 && <EndingBox ending={summary.ending} />}
      <div class="job-body">
        <div class="job-main">
          {summary.gangs > 1 && <Gangs detail={detail} open={shown} />}
          {shown !== undefined && (
            <GangPanel key={shown} job={summary} spec={detail.spec} gang={shown} alone={summary.gangs === 1} />
          )}
        </div>
        <JobFacts detail={detail} />
      </div>
    </>
  );
}

function JobHead(props: { summary: JobSummary }) {
  const { summary } = props;
  const { who } = useSession();
  const [stopping, set_stopping] = useState(false);
  const off = no_stop(who, summary.owner);
  return (
    <header class="job-head">
      <p class="crumb">
        <a href={`#/jobs/${summary.phase === "starting" ? "running" : summary.phase}`}>Jobs</a> / {summary.id}
      </p>
      <div class="heading">
        <h1>{short(summary.name, 120)}</h1>
        <JobState job={summary} />
        {summary.phase !== "ended" && (
          <MayButton off={off} press={() => set_stopping(true)}>
            Stop…
          </MayButton>
        )}
        {summary.phase !== "ended" && off !== "" && <span class="off-words muted">{off}</span>}
      </div>
      {summary.gangs > 1 && <Progress job={summary} />}
      {stopping && <StopDialog job={summary} close={() => set_stopping(false)} />}
    </header>
  );
}

// Why it waits (or stands still), when it is expected to start, and what would help.
function Why(props: { job: JobSummary }) {
  const { job } = props;
  const now = useNow(5000);
  const stands = job.waiting > 0;
  const seen = useLive<WhyAnswer>(stands ? `/v1/jobs/${job.id}/why` : null, why_rule);
  const why = seen.value;
  const reason = plain(why?.reason) || plain(job.reason);
  if (!stands || reason === "") return null;
  return (
    <section class="why" aria-label="Why it waits">
      <p>{reason}</p>
      {why && (
        <p class="muted">
          {why.expected === undefined ? (
            plain(why.expected_because)
          ) : (
            <span title={exact(why.expected)}>
              Expected to start {clock(why.expected, now)}, {relative(why.expected, now)}
              {plain(why.expected_because) !== "" && `: ${plain(why.expected_because)}`}
            </span>
          )}
        </p>
      )}
      {(why?.suggestions?.length ?? 0) > 0 && (
        <ul>
          {why!.suggestions!.map((each) => (
            <li key={each.change}>
              {each.change} <span class="muted">and it would start {relative(each.start, now)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

type Shown = "cells" | "table" | "results";
const panel = "gangs-panel";
const shown_names: Record<Shown, string> = { cells: "Cells", table: "Table", results: "Results" };

function Gangs(props: { detail: JobDetail; open: number | undefined }) {
  const { summary, spec, gangs } = props.detail;
  const all = summary.gangs;
  const few = all <= few_gangs;
  const [wanted, set_wanted] = useState<Shown>(few ? "table" : "cells");
  const seen = useLive<Cells>(few ? null : `/v1/jobs/${summary.id}/cells`, job_rule(summary.id));
  const known = useMemo(() => new Map(gangs.map((gang) => [gang.id.gang, gang])), [gangs]);
  const choose = (gang: number) => (location.hash = address({ view: "job", job: summary.id, gang }));
  const tell = (gang: number) => values_words(known.get(gang)?.values ?? sweep_values(spec, gang));
  const shown = wanted === "cells" && seen.trouble !== undefined ? "table" : wanted;
  const choices: Shown[] = few ? ["table"] : ["cells", "table"];
  if ((spec.sweep?.length ?? 0) > 0 && summary.ended_well > 0) choices.push("results");
  return (
    <section aria-label="Gangs">
      <div class="heading small">
        <h2>{many(all, "gang")}</h2>
        {choices.length > 1 && (
          <Tabs
            class="small"
            panel={panel}
            label="How gangs are shown"
            tabs={choices.map((choice) => [choice, shown_names[choice]])}
            here={shown}
            choose={set_wanted}
          />
        )}
      </div>
      <div {...(choices.length > 1 ? { role: "tabpanel", id: panel, "aria-labelledby": tab_id(panel, shown) } : {})}>
        {shown === "results" && <ResultView job={summary} open={props.open} />}
        {shown === "table" && <GangTable job={summary} open={props.open} />}
        {shown === "cells" && seen.value && (
          <CellGrid cells={seen.value.cells} open={props.open} choose={choose} tell={tell} />
        )}
        {shown === "cells" && seen.value && seen.value.cells.length < (seen.value.gangs ?? 0) && (
          <p class="muted">The first {count(seen.value.cells.length)} are shown; the table has all.</p>
        )}
      </div>
    </section>
  );
}

function command_words(spec: JobSpec): string {
  return spec.command.words.map((word) => plain(word)).join(" ");
}

function ran(job: JobSummary, now: number): [string, string] {
  return [job.ended ? "Ran" : "Runs for", job.started ? since(job.started, job.ended ?? now) : ""];
}

function JobFacts(props: { detail: JobDetail }) {
  const { summary, spec } = props.detail;
  const now = useNow();
  const facts: [string, string, string?][] = [
    ["Owner", summary.owner],
    ["Queue", summary.queue],
    ["Asks for", summary.request ?? ""],
    ["Got", summary.taken && summary.taken !== summary.request ? summary.taken : ""],
    ["Handed in", clock(summary.submitted, now), exact(summary.submitted)],
    ["Started", summary.started ? clock(summary.started, now) : "", exact(summary.started)],
    ["Ended", summary.ended ? clock(summary.ended, now) : "", exact(summary.ended)],
    ...(summary.gangs > 1 ? [ran(summary, now)] : []), // that of one gang stands with the gang
    ["Longest time", spec.time === undefined ? "" : span(spec.time)],
    ["Priority", spec.priority ? String(spec.priority) : ""],
    ["Retries", spec.retries ? count(spec.retries) : ""],
    ["After", (spec.after ?? []).join(", ")],
    ["Energy", props.detail.energy === undefined ? "" : energy(props.detail.energy)],
    ["Largest process", summary.ending?.peak_memory ? size(summary.ending.peak_memory) : ""],
    ["Directory", plain(spec.dir)],
  ];
  return (
    <aside class="job-facts" aria-label="What is known of it">
      <dl class="facts column">
        {facts
          .filter(([, value]) => value !== "")
          .map(([name, value, title]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd title={title}>{value}</dd>
            </div>
          ))}
      </dl>
      <h2>Command</h2>
      <pre class="command">{command_words(spec)}</pre>
      {(spec.sweep?.length ?? 0) > 0 && (
        <>
          <h2>Sweep</h2>
          <ul class="sweep">
            {spec.sweep!.map((axis) => (
              <li key={axis.name}>
                <b>{axis.name}</b>{" "}
                {axis.values
                  .slice(0, 8)
                  .map((value) => short(value, 20))
                  .join(", ")}
                {axis.values.length > 8 && <span class="muted"> … {many(axis.values.length, "value")}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}
