// All nodes with their devices, and what they come to in all.
import { useEffect, useMemo, useState } from "preact/hooks";
import { count, many, percent, power, size } from "../base/format";
import type { JobSummary, NodeView, Status } from "../base/model";
import { short } from "../base/text";
import { useLive } from "../live/hooks";
import { each_second, list_rule, status_rule } from "../live/rules";
import { Empty, Trouble } from "../parts/notice";
import { DevicePanel } from "./device_panel";
import { NodeRow } from "./node_row";
import { node_matches, totals, type NodeFilter, type Totals } from "./standing";

const filters: [NodeFilter, string][] = [
  ["all", "All nodes"],
  ["free", "With free devices"],
  ["idle", "Held and not busy"],
  ["foreign", "Used from outside"],
  ["trouble", "In trouble"],
];

/** So many jobs on devices have their names beside their numbers. */
const most_named = 1000;

/** So many nodes are drawn at first, and with each step more: those on the screen do not wait for all. */
const nodes_in_a_step = 12;

function useSteps(all: number): number {
  const [drawn, set] = useState(nodes_in_a_step);
  useEffect(() => {
    if (drawn >= all) return undefined;
    const timer = setTimeout(() => set(drawn + nodes_in_a_step));
    return () => clearTimeout(timer);
  }, [drawn, all]);
  return drawn;
}

export function ClusterView(props: { node?: number; device?: number }) {
  const seen = useLive<NodeView[]>("/v1/nodes", each_second);
  const running = useLive<JobSummary[]>(`/v1/jobs?phase=running&limit=${most_named}`, list_rule);
  const starting = useLive<JobSummary[]>(`/v1/jobs?phase=starting&limit=${most_named}`, list_rule);
  const status = useLive<Status>("/v1/status", status_rule);
  const [filter, set_filter] = useState<NodeFilter>("all");
  const [text, set_text] = useState("");
  const names = useMemo(
    () => new Map([...(running.value ?? []), ...(starting.value ?? [])].map((job) => [job.id, short(job.name, 40)])),
    [running.value, starting.value],
  );
  const nodes = seen.value;
  const sum = useMemo(() => (nodes ? totals(nodes) : undefined), [nodes]);
  const shown = useMemo(() => nodes?.filter((view) => node_matches(view, filter, text)), [nodes, filter, text]);
  const drawn = useSteps(shown?.length ?? 0);
  const open = props.device === undefined ? undefined : nodes?.find((view) => view.id === props.node);
  return (
    <>
      <h1 class="unseen">Cluster</h1>
      <Trouble trouble={seen.trouble} has_value={nodes !== undefined} />
      {sum && <TotalsStrip sum={sum} status={status.value} />}
      {nodes && (
        <div class="tools">
          <input
            type="search"
            placeholder="Find a node or a model"
            aria-label="Find a node or a model"
            value={text}
            onInput={(event) => set_text(event.currentTarget.value)}
          />
          <select
            aria-label="Which nodes"
            value={filter}
            onChange={(event) => set_filter(event.currentTarget.value as NodeFilter)}
          >
            {filters.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
          {shown && shown.length !== nodes.length && (
            <span class="muted">
              {count(shown.length)} of {many(nodes.length, "node")}
            </span>
          )}
        </div>
      )}
      {!nodes && !seen.trouble && <Empty words="Asking…" />}
      {nodes?.length === 0 && <Empty words="No node has been seen yet." />}
      {nodes && nodes.length > 0 && shown?.length === 0 && <Empty words="No node is like that." />}
      <div class="nodes">
        {shown?.slice(0, drawn).map((view) => (
          <NodeRow key={view.id} view={view} names={names} />
        ))}
      </div>
      {open && <DevicePanel node={open} index={props.device!} close={() => (location.hash = "#/cluster")} />}
    </>
  );
}

function TotalsStrip(props: { sum: Totals; status: Status | undefined }) {
  const { sum, status } = props;
  const others = sum.others > 0 ? `, ${count(sum.others)} with others` : "";
  const away = sum.away > 0 ? `, ${count(sum.away)} out of reach` : "";
  return (
    <dl class="totals">
      <div class="totals-devices">
        <dt>{many(sum.devices, "device")}</dt>
        <dd>
          <span class="totals-bar" aria-hidden="true">
            <span class="held" style={{ flexGrow: sum.held }} />
            <span class="others" style={{ flexGrow: sum.others }} />
            <span class="free" style={{ flexGrow: sum.free + sum.away }} />
          </span>
          <span>
            <b>{count(sum.held)}</b> held, <b>{count(sum.free)}</b> free
            {others}
            {away}
          </span>
        </dd>
      </div>
      <Total
        name="Busy"
        value={percent(sum.busy)}
        more={sum.idle > 0 ? `${count(sum.idle)} held and not busy` : partly(sum.busy_known, sum.devices)}
        warn={sum.idle > 0}
      />
      <Total name="Device memory" value={size(sum.memory_used)} more={sum.memory > 0 ? `of ${size(sum.memory)}` : ""} />
      <Total name="Power" value={power(sum.power)} more={partly(sum.power_known, sum.devices)} />
      <Total name="CPUs" value={count(sum.cpus_taken)} more={`of ${count(sum.cpus)}`} />
      <Total
        name="Nodes"
        value={count(sum.nodes)}
        more={sum.down > 0 ? `${count(sum.down)} not reachable` : "all reachable"}
        warn={sum.down > 0}
      />
      {status && <Total name="Gangs" value={count(status.running)} more={`run, ${count(status.waiting)} wait`} />}
    </dl>
  );
}

// Of how many devices a number is, where it is not of all.
function partly(known: number, all: number): string {
  return known >= all ? "" : known === 0 ? "no device tells" : `of ${count(known)} that tell`;
}

function Total(props: { name: string; value: string; more: string; warn?: boolean }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>
        <b>{props.value}</b> <span class={props.warn ? "warn-text" : "muted"}>{props.more}</span>
      </dd>
    </div>
  );
}
