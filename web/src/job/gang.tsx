// One gang: how it stands, where it runs, what keeps it there, how it uses its devices, and its logs.
import { useState } from "preact/hooks";
import { clock, energy, exact, model, percent, since, size, span } from "../base/format";
import type { GangView, JobSpec, JobSummary, NodePart, NodeView, Readings } from "../base/model";
import { address } from "../base/route";
import { plain } from "../base/text";
import { Fences } from "../cluster/device_panel";
import { StopDialog } from "../jobs/stop";
import { no_stop, useLive, useNow, useSession } from "../live/hooks";
import { gang_rule, once, readings_rule } from "../live/rules";
import { MayButton } from "../parts/may_button";
import { Trouble } from "../parts/notice";
import { GangState } from "../parts/state";
import { UseCharts } from "../parts/use_charts";
import { EndingBox } from "./ending";
import { LogView } from "./log";
import { sweep_values, values_words } from "./values";

interface Props {
  job: JobSummary;
  spec: JobSpec;
  gang: number;
  /** The job has no other. */
  alone: boolean;
}

export function GangPanel(props: Props) {
  const { job, gang } = props;
  const seen = useLive<GangView>(`/v1/jobs/${job.id}/gangs/${gang}`, gang_rule(job.id, gang));
  const view = seen.value;
  if (!view) return <Trouble trouble={seen.trouble} has_value={false} />;
  return (
    <section class="gang" aria-label={props.alone ? "How it runs" : `Gang ${gang}`}>
      {!props.alone && <GangHead {...props} view={view} />}
      {!props.alone && view.ending && <EndingBox ending={view.ending} />}
      <GangFacts view={view} />
      {(view.notes ?? []).map((note) => (
        <p key={plain(note)} class="warn-text">
          {plain(note)}
        </p>
      ))}
      <GangLogs job={job} view={view} tasks={props.spec.resources.tasks} />
      <Use view={view} />
    </section>
  );
}

function GangHead(props: Props & { view: GangView }) {
  const { job, gang, view } = props;
  const { who } = useSession();
  const [stopping, set_stopping] = useState(false);
  return (
    <div class="heading small">
      <h2>
        {view.gather ? "Gather" : `Gang ${gang}`}
        <span class="muted plain">{values_words(view.values ?? sweep_values(props.spec, gang))}</span>
      </h2>
      <GangState gang={view} />
      {view.phase !== "ended" && (
        <MayButton off={no_stop(who, job.owner)} press={() => set_stopping(true)}>
          Stop this gang…
        </MayButton>
      )}
      <a class="button quiet" href={address({ view: "job", job: job.id })} aria-label="Close this gang">
        ✕
      </a>
      {stopping && <StopDialog job={job} gang={gang} close={() => set_stopping(false)} />}
    </div>
  );
}

function GangFacts(props: { view: GangView }) {
  const { view } = props;
  const now = useNow();
  return (
    <div class="gang-facts">
      <dl class="facts">
        {view.attempt > 1 && <Fact name="Attempt" value={String(view.attempt)} />}
        {view.started !== undefined && (
          <Fact name="Started" value={clock(view.started, now)} title={exact(view.started)} />
        )}
        {view.started !== undefined && (
          <Fact name={view.ended ? "Ran" : "Runs for"} value={since(view.started, view.ended ?? now)} />
        )}
        {view.busy_percent !== undefined && <Fact name="Devices busy" value={percent(view.busy_percent)} />}
        {view.energy !== undefined && <Fact name="Their energy" value={energy(view.energy)} />}
        {view.measured !== undefined && <Fact name="Read for" value={span(view.measured)} />}
        {(view.ending?.cpu_time ?? 0) > 0 && <Fact name="CPU time" value={span(view.ending!.cpu_time)} />}
        {(view.ending?.peak_memory ?? 0) > 0 && <Fact name="Largest process" value={size(view.ending!.peak_memory)} />}
      </dl>
      {view.allocation && <Places view={view} />}
      {(view.fences?.length ?? 0) > 0 && <Fences fences={view.fences!} />}
      {plain(view.output) !== "" && (
        <p class="muted">
          Output: <code>{plain(view.output)}</code>
        </p>
      )}
    </div>
  );
}

function Fact(props: { name: string; value: string; title?: string }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd title={props.title}>{props.value}</dd>
    </div>
  );
}

const most_places = 16;

// On which devices each node's tasks are.
function Places(props: { view: GangView }) {
  const nodes = useLive<NodeView[]>("/v1/nodes", once).value;
  const parts = props.view.allocation!.parts;
  return (
    <ul class="places">
      {parts.slice(0, most_places).map((part) => {
        const node = nodes?.find((each) => each.id === part.node)?.node;
        const devices = part.tasks.flatMap((task) => task.devices ?? []);
        return (
          <li key={part.node}>
            <b>{node?.name ?? `node ${part.node}`}</b>
            {devices.map((each) => (
              <a
                key={each.device}
                class="chip"
                href={address({ view: "cluster", node: part.node, device: each.device })}
              >
                {each.device} {model(node?.devices?.[each.device]?.model)}
                {each.share < 1000 ? ` (${each.share / 1000})` : ""}
              </a>
            ))}
            <span class="muted">{cpus_words(part.tasks)}</span>
          </li>
        );
      })}
      {parts.length > most_places && <li class="muted">and {parts.length - most_places} more nodes</li>}
    </ul>
  );
}

function cpus_words(tasks: { cpus?: string; counted?: number }[]): string {
  const sets = tasks.map((task) => task.cpus).filter((set) => set !== undefined && set !== "");
  if (sets.length > 0) return `CPUs ${sets.join(" · ")}`;
  const counted = tasks.reduce((sum, task) => sum + (task.counted ?? 0), 0);
  return counted > 0 ? `${counted} CPUs` : "";
}

function GangLogs(props: { job: JobSummary; view: GangView; tasks: number }) {
  const { view } = props;
  const [rank, set_rank] = useState(0);
  const [stream, set_stream] = useState<"stdout" | "stderr">("stdout");
  const [attempt, set_attempt] = useState(0);
  const tasks = view.gather ? 1 : props.tasks;
  if (view.started === undefined && view.attempt === 1 && view.ending === undefined) return null;
  const shown_attempt = attempt === 0 || attempt > view.attempt ? view.attempt : attempt;
  const query = `attempt=${shown_attempt}&rank=${rank}${stream === "stderr" ? "&stderr" : ""}`;
  const path = `/v1/jobs/${view.id.job}/gangs/${view.id.gang}/log?${query}`;
  const grows = view.phase === "running" && shown_attempt === view.attempt;
  return (
    <LogView key={path} path={path} grows={grows}>
      <select
        aria-label="Which output"
        value={stream}
        onChange={(event) => set_stream(event.currentTarget.value as "stdout" | "stderr")}
      >
        <option value="stdout">Output</option>
        <option value="stderr">Errors</option>
      </select>
      {tasks > 1 && (
        <label class="inline">
          rank
          <input
            type="number"
            min={0}
            max={tasks - 1}
            value={rank}
            onChange={(event) =>
              set_rank(Math.min(tasks - 1, Math.max(0, Math.floor(event.currentTarget.valueAsNumber || 0))))
            }
          />
          of {tasks}
        </label>
      )}
      {view.attempt > 1 && (
        <select
          aria-label="Which attempt"
          value={shown_attempt}
          onChange={(event) => set_attempt(Number(event.currentTarget.value))}
        >
          {Array.from({ length: Math.min(view.attempt, 50) }, (_, i) => view.attempt - i).map((n) => (
            <option key={n} value={n}>
              attempt {n}
            </option>
          ))}
        </select>
      )}
    </LogView>
  );
}

/** Of a gang over more nodes, the use of the first few is shown. */
const most_charted = 4;

function Use(props: { view: GangView }) {
  const parts = (props.view.allocation?.parts ?? []).filter((part) =>
    part.tasks.some((task) => (task.devices?.length ?? 0) > 0),
  );
  if (props.view.started === undefined || parts.length === 0) return null;
  return (
    <section aria-label="Use of its devices">
      <h3>Use of its devices</h3>
      {parts.slice(0, most_charted).map((part) => (
        <NodeUse key={part.node} view={props.view} part={part} alone={parts.length === 1} />
      ))}
      {parts.length > most_charted && <p class="muted">Its first {most_charted} nodes are shown.</p>}
    </section>
  );
}

const kept_words = "They are kept for 30 days, at last one for each ten minutes.";

/** Whether the first reading, which stands for the time before it, came too late for that to be all of it. */
function begins_late(at: number[], started: number): boolean {
  const step = at.length > 1 ? at[1]! - at[0]! : 600e6;
  return at.length > 0 && at[0]! - started > Math.max(30e6, 1.5 * step);
}

// Why there is no chart, and where the use of the whole run stands.
function none_words(view: GangView): string {
  if (view.phase !== "ended") return `There is no reading of it yet. ${kept_words}`;
  const whole = view.busy_percent !== undefined || view.energy !== undefined;
  return `There are no readings of its time. ${kept_words}${whole ? " What it used in all stands above." : ""}`;
}

function NodeUse(props: { view: GangView; part: NodePart; alone: boolean }) {
  const { view, part } = props;
  const name = useLive<NodeView[]>(props.alone ? null : "/v1/nodes", once).value?.find((each) => each.id === part.node)
    ?.node.name;
  const devices = [...new Set(part.tasks.flatMap((task) => (task.devices ?? []).map((each) => each.device)))];
  const until = view.ended === undefined ? "" : `&until=${view.ended}`;
  const path = `/v1/nodes/${part.node}/readings?devices=${devices.join(",")}&from=${view.started}${until}&most=240`;
  const seen = useLive<Readings>(path, view.phase === "running" ? readings_rule : once);
  if (seen.trouble) return null;
  const at = seen.value?.at ?? [];
  return (
    <>
      {!props.alone && <h4>{name ?? `node ${part.node}`}</h4>}
      {begins_late(at, view.started!) && (
        <p class="muted">
          From {clock(at[0]!, Date.now() * 1000)} on: of what was before, since {clock(view.started, Date.now() * 1000)},
          there are no readings. {kept_words}
        </p>
      )}
      <UseCharts readings={seen.value} over={view.phase === "ended"} none={none_words(view)} />
    </>
  );
}
