// Devices against time: what ran, what runs, and what is promised a start.
import { useMemo, useRef, useState } from "preact/hooks";
import { clock, count, exact, many, span } from "../base/format";
import type { NodeView, Timeline, TimelineBar } from "../base/model";
import { address } from "../base/route";
import { short } from "../base/text";
import { useLive, useNow } from "../live/hooks";
import { list_rule, timeline_rule } from "../live/rules";
import { Empty, Trouble } from "../parts/notice";
import { GanttPane } from "./pane";
import { bar_look, end_of, rows_of } from "./plan";

const spans: [string, number][] = [
  ["1 hour", 3600],
  ["6 hours", 6 * 3600],
  ["1 day", 24 * 3600],
  ["7 days", 7 * 24 * 3600],
];
/** This part of the window lies before now. */
const past_part = 0.7;
const most_bars = 10_000;

export function TimeView() {
  const [seconds, set_seconds] = useState(6 * 3600);
  const [shift, set_shift] = useState(0);
  const [as_table, set_as_table] = useState(false);
  const now = useNow(1000);
  const width = seconds * 1e6;
  // What is asked for moves in steps, so that the same question is asked again and not another each second.
  const step = width / 20;
  const asked_from = Math.floor((now - width * past_part + shift) / step) * step - step;
  const asked_until = asked_from + width + 3 * step;
  const seen = useLive<Timeline>(
    `/v1/timeline?from=${asked_from}&until=${asked_until}&most=${most_bars}`,
    timeline_rule,
  );
  const nodes = useLive<NodeView[]>("/v1/nodes", list_rule);
  const kept = useRef<Timeline | undefined>(undefined);
  if (seen.value) kept.current = seen.value;
  const timeline = kept.current;
  const rows = useMemo(
    () =>
      nodes.value && timeline ? rows_of(nodes.value, timeline.bars, timeline.now, asked_until + width) : undefined,
    [nodes.value, timeline, asked_until],
  );
  const from = now - width * past_part + shift;
  const move = (part: number) => set_shift(shift + width * part);
  return (
    <>
      <Heading
        seconds={seconds}
        choose={(each) => {
          set_seconds(each);
          set_shift(0);
        }}
      />
      <div class="tools">
        <button onClick={() => move(-0.5)} aria-label="Earlier">
          ← Earlier
        </button>
        <button onClick={() => set_shift(0)} disabled={shift === 0}>
          Now
        </button>
        <button onClick={() => move(0.5)} aria-label="Later">
          Later →
        </button>
        <TimeLegend />
        <span class="grow" />
        <label class="check">
          <input type="checkbox" checked={as_table} onChange={(event) => set_as_table(event.currentTarget.checked)} />
          As a table
        </label>
      </div>
      <Trouble trouble={seen.trouble ?? nodes.trouble} has_value={timeline !== undefined} />
      {timeline?.cut && (
        <p class="muted">There is more than can be shown: the newest {count(timeline.bars.length)} are.</p>
      )}
      {!rows && !seen.trouble && <Empty words="Asking…" />}
      {rows && as_table && <BarTable bars={timeline!.bars} now={now} />}
      {rows && !as_table && <GanttPane rows={rows} window={{ from, until: from + width, now }} />}
    </>
  );
}

function Heading(props: { seconds: number; choose: (seconds: number) => void }) {
  return (
    <div class="heading">
      <h1>Time</h1>
      <div class="tabs" role="group" aria-label="How much time">
        {spans.map(([words, each]) => (
          <button key={each} aria-pressed={each === props.seconds} onClick={() => props.choose(each)}>
            {words}
          </button>
        ))}
      </div>
    </div>
  );
}

function TimeLegend() {
  const looks: [string, string][] = [
    ["running", "runs"],
    ["done", "done"],
    ["failed", "ended badly"],
    ["stopped", "stopped"],
    ["planned", "promised"],
  ];
  return (
    <ul class="legend" aria-label="What the colours mean">
      {looks.map(([look, words]) => (
        <li key={look}>
          <span class={`swatch ${look}`} aria-hidden="true" /> {words}
        </li>
      ))}
    </ul>
  );
}

const look_words: Record<string, string> = {
  running: "runs",
  done: "done",
  failed: "ended badly",
  stopped: "stopped",
  planned: "promised",
};
const most_in_table = 500;

function BarTable(props: { bars: TimelineBar[]; now: number }) {
  const bars = [...props.bars].sort((a, b) => b.from - a.from).slice(0, most_in_table);
  if (bars.length === 0) return <Empty words="Nothing ran in this time, and nothing is promised." />;
  return (
    <>
      <table class="small bars">
        <thead>
          <tr>
            <th>Gang</th>
            <th>Name</th>
            <th>State</th>
            <th class="number">From</th>
            <th class="number">For</th>
            <th class="wide-only">Devices</th>
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
              <td>{look_words[bar_look(bar)]}</td>
              <td class="number" title={exact(bar.from)}>
                {clock(bar.from, props.now)}
              </td>
              <td class="number">
                {bar.until === undefined && bar.phase !== "ended"
                  ? "no limit"
                  : span(end_of(bar, props.now, props.now) - bar.from)}
              </td>
              <td class="wide-only">{many(bar.devices?.length ?? 0, "device")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {props.bars.length > most_in_table && (
        <p class="muted">
          The newest {most_in_table} of {count(props.bars.length)}.
        </p>
      )}
    </>
  );
}
