// What the chart shows, as a table: the same gangs with the same facts, for who does not see the chart.
import { clock, count, exact, span } from "../base/format";
import type { NodeView, TimelineBar } from "../base/model";
import { address } from "../base/route";
import { plain, short } from "../base/text";
import { Empty } from "../parts/notice";
import type { Window } from "./gantt";
import { bar_look, end_of } from "./plan";

const look_words: Record<string, string> = {
  running: "runs",
  done: "done",
  failed: "ended badly",
  stopped: "stopped",
  planned: "promised a start",
};
const most_in_table = 500;

export function BarTable(props: { bars: TimelineBar[]; nodes: NodeView[]; window: Window }) {
  const { from, until, now } = props.window;
  const names = new Map(props.nodes.map((view) => [view.id, view.node.name]));
  const all = props.bars.filter((bar) => bar.from <= until && end_of(bar, now, until) >= from);
  const bars = all.sort((a, b) => b.from - a.from).slice(0, most_in_table);
  if (bars.length === 0) return <Empty words="Nothing ran in this time, and nothing is promised." />;
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of gangs">
        <table class="small bars">
          <caption class="unseen">
            Gangs from {clock(from, now)} to {clock(until, now)}, the newest first
          </caption>
          <thead>
            <tr>
              <th scope="col">Gang</th>
              <th scope="col">Name</th>
              <th scope="col">Owner</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                From
              </th>
              <th scope="col" class="number">
                Until
              </th>
              <th scope="col" class="number">
                For
              </th>
              <th scope="col">Where</th>
            </tr>
          </thead>
          <tbody>
            {bars.map((bar) => (
              <tr key={`${bar.gang.job}.${bar.gang.gang}.${bar.attempt ?? 1}.${bar.from}`}>
                <td>
                  <a href={address({ view: "job", job: bar.gang.job, gang: bar.gang.gang })}>
                    {bar.gang.job}.{bar.gang.gang}
                  </a>
                </td>
                <td>{short(bar.name, 60)}</td>
                <td>{bar.owner}</td>
                <td>{state_words(bar)}</td>
                <td class="number" title={exact(bar.from)}>
                  {clock(bar.from, now)}
                </td>
                <td class="number">{until_words(bar, now)}</td>
                <td class="number">
                  {bar.until === undefined && bar.phase !== "ended" ? "–" : span(end_of(bar, now, now) - bar.from)}
                </td>
                <td>{places_words(bar, names)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {all.length > most_in_table && (
        <p class="muted">
          The newest {most_in_table} of {count(all.length)}; less time has fewer.
        </p>
      )}
    </>
  );
}

function state_words(bar: TimelineBar): string {
  if (bar.phase === "starting") return "is starting";
  const look = bar_look(bar);
  const cause = look === "failed" && bar.cause ? `, ${bar.cause.replace(/-/g, " ")}` : "";
  return look_words[look] + cause;
}

function until_words(bar: TimelineBar, now: number): string {
  if (bar.until === undefined) return bar.phase === "ended" ? "–" : "no limit";
  return bar.phase === "ended" ? clock(bar.until, now) : `${clock(bar.until, now)} at the latest`;
}

/** "hpc1 0, 1; lab3 CPUs": the devices on each node by their numbers. */
export function places_words(bar: TimelineBar, names: Map<number, string>): string {
  const devices = new Map<number, number[]>();
  for (const node of bar.nodes ?? []) devices.set(node, []);
  for (const each of bar.devices ?? []) devices.set(each.node, [...(devices.get(each.node) ?? []), each.device]);
  return [...devices]
    .map(([node, of]) => `${plain(names.get(node) ?? `node ${node}`)} ${of.length > 0 ? of.join(", ") : "CPUs"}`)
    .join("; ");
}
