// Devices against time: what ran, what runs, and what is promised a start.
import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { clock, count } from "../base/format";
import type { NodeView, Timeline } from "../base/model";
import { useLive, useNow } from "../live/hooks";
import { list_rule, timeline_rule } from "../live/rules";
import { Empty, Trouble } from "../parts/notice";
import { BarTable } from "./bar_table";
import { GanttPane, type Steer } from "./pane";
import { rows_of } from "./plan";
import { begin_of, least_seconds, most_seconds, past_part, zoomed, type Shown } from "./window";

const spans: [string, number][] = [
  ["1 hour", 3600],
  ["6 hours", 6 * 3600],
  ["1 day", 24 * 3600],
  ["7 days", 7 * 24 * 3600],
];
const most_bars = 10_000;

export function TimeView() {
  const [view, set_view] = useState<Shown>({ seconds: 6 * 3600, shift: 0 });
  const [as_table, set_as_table] = useState(false);
  const [told, set_told] = useState("");
  const now = useNow(1000);
  const { seconds, shift } = view;
  const width = seconds * 1e6;
  // What is asked for moves in steps, so that the same question is asked again and not another each second.
  const step = width / 20;
  const asked_from = Math.floor((now - width * past_part + shift) / step) * step - step;
  const asked_until = asked_from + width + 3 * step;
  const seen = useLive<Timeline>(
    `/v1/timeline?from=${Math.round(asked_from)}&until=${Math.round(asked_until)}&most=${most_bars}`,
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
  const from = begin_of(view, now);
  // What a person did is said once; that time goes on is not.
  const show = (next: Shown) => {
    set_view(next);
    const begin = begin_of(next, now);
    set_told(`${clock(begin, now)} to ${clock(begin + next.seconds * 1e6, now)}`);
  };
  const steer: Steer = {
    zoom: (factor, around) => show(zoomed(view, factor, around ?? (shift === 0 ? now : from + width / 2), now)),
    move: (part) => show({ seconds, shift: shift + width * part }),
    show: (time) => show({ seconds, shift: time - now + width * (past_part - 0.5) }),
    now: () => show({ seconds, shift: 0 }),
  };
  return (
    <>
      <Heading seconds={seconds} choose={(each) => show({ seconds: each, shift: 0 })} />
      <Tools view={view} steer={steer} words={`${clock(from, now)} – ${clock(from + width, now)}`}>
        <label class="check">
          <input type="checkbox" checked={as_table} onChange={(event) => set_as_table(event.currentTarget.checked)} />
          As a table
        </label>
      </Tools>
      <p class="unseen" role="status">
        {told}
      </p>
      <Trouble trouble={seen.trouble ?? nodes.trouble} has_value={timeline !== undefined} />
      {timeline?.cut && (
        <p class="muted">There is more than can be shown: the newest {count(timeline.bars.length)} are.</p>
      )}
      {!rows && !seen.trouble && <Empty words="Asking…" />}
      {rows && as_table && (
        <BarTable bars={timeline!.bars} nodes={nodes.value!} window={{ from, until: from + width, now }} />
      )}
      {rows && !as_table && <GanttPane rows={rows} window={{ from, until: from + width, now }} steer={steer} />}
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

function Tools(props: { view: Shown; steer: Steer; words: string; children: ComponentChildren }) {
  const { view, steer } = props;
  return (
    <div class="tools">
      <button onClick={() => steer.move(-0.5)}>← Earlier</button>
      <button onClick={steer.now} disabled={view.shift === 0}>
        Now
      </button>
      <button onClick={() => steer.move(0.5)}>Later →</button>
      <button onClick={() => steer.zoom(0.5)} disabled={view.seconds <= least_seconds} aria-label="Zoom in">
        +
      </button>
      <button onClick={() => steer.zoom(2)} disabled={view.seconds >= most_seconds} aria-label="Zoom out">
        −
      </button>
      <span class="muted window-words">{props.words}</span>
      <TimeLegend />
      <span class="grow" />
      {props.children}
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
