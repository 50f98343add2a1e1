// Waiting, running and ended jobs: found, sorted, paged.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { many } from "../base/format";
import type { JobSummary, Status } from "../base/model";
import type { Refusal } from "../live/api";
import { no_submit, useLive, useSession } from "../live/hooks";
import { list_rule, status_rule } from "../live/rules";
import { MayButton } from "../parts/may_button";
import { Empty, Trouble } from "../parts/notice";
import { list_paths, one_page, page, type Filter, type Listed } from "./list";
import { JobTable } from "./table";

type Phase = Filter["phase"];
const phases: [Phase, string][] = [
  ["waiting", "Waiting"],
  ["running", "Running"],
  ["ended", "Ended"],
];
const nothing: Record<Phase, string> = {
  waiting: "No job waits.",
  running: "No job runs.",
  ended: "No job has ended yet.",
};
const typing_pause = 250;

export function JobsView(props: { phase: Phase }) {
  const [text, set_text] = useState("");
  const [queue, set_queue] = useState("");
  const [newest_first, set_newest] = useState(false);
  const [pages, set_pages] = useState<number[]>([]);
  const found = useLater(text.trim());
  useEffect(() => set_pages([]), [props.phase, found, queue, newest_first]);
  const in_order_of_start = props.phase === "waiting" && !newest_first;
  const filter: Filter = { phase: props.phase, text: found, queue, newest_first, before: pages[pages.length - 1] };
  const { listed, key, trouble } = useListed(filter);
  const jobs = listed?.jobs;
  const full = listed?.more && !in_order_of_start;
  const filtered = found !== "" || queue !== "";
  return (
    <>
      <Heading phase={props.phase} />
      <div class="tools">
        <input
          type="search"
          placeholder="Name or owner"
          aria-label="Find by name or owner"
          value={text}
          onInput={(event) => set_text(event.currentTarget.value)}
        />
        <input
          class="narrow"
          placeholder="Queue"
          aria-label="Only this queue"
          value={queue}
          onChange={(event) => set_queue(event.currentTarget.value.trim())}
        />
        {props.phase === "waiting" && (
          <select
            aria-label="Order"
            value={newest_first ? "newest" : "start"}
            onChange={(event) => set_newest(event.currentTarget.value === "newest")}
          >
            <option value="start">As they would start</option>
            <option value="newest">Newest first</option>
          </select>
        )}
      </div>
      <Trouble trouble={trouble} has_value={jobs !== undefined} />
      {!jobs && !trouble && <Empty words="Asking…" />}
      {jobs?.length === 0 && <Empty words={filtered ? "No such job is among these." : nothing[props.phase]} />}
      {jobs && jobs.length > 0 && <JobTable key={key} jobs={jobs} phase={props.phase} ranked={in_order_of_start} />}
      <div class="pages">
        {pages.length > 0 && <button onClick={() => set_pages(pages.slice(0, -1))}>Newer</button>}
        {full && jobs && <button onClick={() => set_pages([...pages, jobs[jobs.length - 1]!.id])}>Older</button>}
        {in_order_of_start && jobs?.length === page && <span class="muted">The first {page} are shown.</span>}
      </div>
    </>
  );
}

// What the one filter asks for, as one list; while another is asked for, what was there of this phase before.
function useListed(filter: Filter): { listed?: Listed; key: string; trouble?: Refusal } {
  const [path, second] = list_paths(filter);
  const first = useLive<JobSummary[]>(path!, list_rule);
  const beside = useLive<JobSummary[]>(second ?? null, list_rule);
  const listed = useMemo(() => {
    if (!first.value || (second !== undefined && !beside.value)) return undefined;
    return one_page(second === undefined ? [first.value] : [first.value, beside.value!]);
  }, [path, first.value, beside.value]);
  const kept = useRef<{ listed?: Listed; key: string; phase: Phase }>({ key: "", phase: filter.phase });
  if (listed) kept.current = { listed, key: path!, phase: filter.phase };
  const trouble = first.trouble ?? beside.trouble;
  return kept.current.phase === filter.phase ? { ...kept.current, trouble } : { key: path!, trouble };
}

function Heading(props: { phase: Phase }) {
  const { who } = useSession();
  const status = useLive<Status>("/v1/status", status_rule);
  const off = no_submit(who);
  return (
    <div class="heading">
      <h1>Jobs</h1>
      <div class="tabs" role="navigation" aria-label="Which jobs">
        {phases.map(([phase, words]) => (
          <a key={phase} href={`#/jobs/${phase}`} aria-current={phase === props.phase ? "page" : undefined}>
            {words}
            <Number status={status.value} phase={phase} />
          </a>
        ))}
      </div>
      {off === "" ? (
        <a class="button main" href="#/jobs/new">
          New job
        </a>
      ) : (
        <MayButton class="main" off={off}>
          New job
        </MayButton>
      )}
      {off !== "" && <p class="off-words muted">{off} Nothing can be handed in or stopped with it.</p>}
    </div>
  );
}

// Gangs, as the service counts those; it does not count jobs by phase.
function Number(props: { status: Status | undefined; phase: Phase }) {
  if (!props.status) return null;
  return <span class="tab-number"> {many(props.status[props.phase], "gang")}</span>;
}

// What was typed, once no more is typed for a moment.
function useLater(text: string): string {
  const [later, set] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => set(text), typing_pause);
    return () => clearTimeout(timer);
  }, [text]);
  return later;
}
