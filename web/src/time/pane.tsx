// The canvas of the Gantt chart: scrolled, pointed at, walked by keys.
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, count, span } from "../base/format";
import { address } from "../base/route";
import { short } from "../base/text";
import { colour, useTheme, watch_width } from "../parts/colours";
import { bar_name, draw, head_height, row_height, x_of, type Scene, type Window } from "./gantt";
import { bar_look, type Placed, type Row } from "./plan";

interface Walked {
  row: number;
  placed: Placed | null;
}

/** What keys do to the part of time that is shown. */
export interface Steer {
  /** So many times as much time; around this time, or what is in the middle. */
  zoom: (factor: number, around?: number) => void;
  /** By this part of the window. */
  move: (part: number) => void;
  /** With this time in the middle. */
  show: (time: number) => void;
  now: () => void;
}

export function GanttPane(props: { rows: Row[]; window: Window; steer: Steer }) {
  const { rows, window } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(scroll);
  const [top, set_top] = useState(0);
  const [pointed, set_pointed] = useState<Placed | null>(null);
  const [walked, set_walked] = useState<Walked | null>(null);
  const theme = useTheme();
  const labels = size.width < 600 ? 84 : 200;
  const scene: Scene = {
    ...window,
    rows,
    top,
    ...size,
    labels,
    colour: cached_colour(theme),
    font: `12px ${font()}`,
    pointed,
    walked,
  };
  useEffect(() => paint(canvas.current, scene));

  const under = (event: MouseEvent) => bar_at(scene, event.offsetX, event.offsetY);
  const press = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = event.shiftKey ? null : step(rows, walked, event.key, window.now);
    if (event.key === "Enter") open(walked?.placed ?? null);
    else if (next) {
      set_walked(next);
      keep_in_sight(scroll.current!, next.row);
      if (next.placed && !in_window(next.placed, window)) props.steer.show(next.placed.bar.from);
    } else if (!steer_by(event, props.steer, walked?.placed ?? null, window)) return;
    event.preventDefault();
  };
  const told = pointed ?? walked?.placed ?? null;
  return (
    <>
      <div
        ref={scroll}
        class="gantt"
        tabIndex={0}
        role="application"
        aria-roledescription="chart of devices against time"
        aria-label={`${count(rows.length)} rows. ${keys_words}`}
        aria-describedby="bar-told"
        onScroll={() => set_top(scroll.current!.scrollTop)}
        onKeyDown={press}
        onBlur={() => set_walked(null)}
      >
        <canvas
          ref={canvas}
          class={pointed ? "pointed" : ""}
          onPointerMove={(event) => set_pointed(under(event))}
          onPointerLeave={() => set_pointed(null)}
          onClick={(event) => open(under(event))}
        />
        <div
          class="gantt-space"
          style={{ height: Math.max(0, rows.length * row_height + head_height - size.height) }}
        />
      </div>
      <p id="bar-told" class="cell-told" aria-live={walked ? "polite" : "off"}>
        {told_words(told, walked && rows[walked.row], window.now)}
      </p>
    </>
  );
}

function open(placed: Placed | null) {
  if (placed) location.hash = address({ view: "job", job: placed.bar.gang.job, gang: placed.bar.gang.gang });
}

const keys_words =
  "Up and down walk the devices, left and right, Home and End their gangs, Enter opens one. Plus and minus zoom, " +
  "Shift with left and right moves in time, 0 is now. The table says the same.";

function in_window(placed: Placed, window: Window): boolean {
  return placed.until >= window.from && placed.bar.from <= window.until;
}

// Whether the key is one of those that choose the part of time.
function steer_by(event: KeyboardEvent, steer: Steer, placed: Placed | null, window: Window): boolean {
  const around = placed && in_window(placed, window) ? Math.max(placed.bar.from, window.from) : undefined;
  if (event.key === "+" || event.key === "=") steer.zoom(0.5, around);
  else if (event.key === "-" || event.key === "_") steer.zoom(2, around);
  else if (event.key === "0") steer.now();
  else if (event.shiftKey && event.key === "ArrowLeft") steer.move(-0.25);
  else if (event.shiftKey && event.key === "ArrowRight") steer.move(0.25);
  else return false;
  return true;
}

function useSize(place: { current: HTMLElement | null }): { width: number; height: number } {
  const [size, set] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const element = place.current!;
    return watch_width(element, () => set({ width: element.clientWidth, height: element.clientHeight }));
  }, []);
  return size;
}

function bar_at(scene: Scene, x: number, y: number): Placed | null {
  const down = y - head_height + scene.top;
  const row = scene.rows[Math.floor(down / row_height)];
  if (!row || y < head_height) return null;
  const part = ((down % row_height) - 2) / (row_height - 4);
  const hits = row.bars.filter((each) => {
    const left = x_of(each.bar.from, scene);
    return left - 1 <= x && x <= Math.max(x_of(each.until, scene), left + 4);
  });
  return hits.find((each) => each.lane === Math.floor(part * each.lanes)) ?? hits[0] ?? null;
}

function paint(canvas: HTMLCanvasElement | null, scene: Scene) {
  if (!canvas || scene.width === 0) return;
  const scale = devicePixelRatio || 1;
  const wide = Math.round(scene.width * scale);
  const high = Math.round(scene.height * scale);
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${scene.width}px`;
    canvas.style.height = `${scene.height}px`;
  }
  const pen = canvas.getContext("2d")!;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  draw(pen, scene);
}

let colours = new Map<string, string>();
let colours_of = -1;

// Asking for a style costs more than drawing with it.
function cached_colour(theme: number): (name: string) => string {
  if (theme !== colours_of) colours = new Map();
  colours_of = theme;
  return (name) => {
    const known = colours.get(name);
    if (known !== undefined) return known;
    const asked = colour(name);
    colours.set(name, asked);
    return asked;
  };
}

let family = "";
function font(): string {
  family ||= getComputedStyle(document.body).fontFamily;
  return family;
}

function told_words(placed: Placed | null, row: Row | null | undefined, now: number): string {
  if (placed) return words_of(placed, now);
  return row ? `${row.label}: nothing in this time` : "\u00a0";
}

function words_of(placed: Placed, now: number): string {
  const { bar } = placed;
  const look = bar_look(bar);
  const name = `${bar_name(placed)}${bar.owner ? ` of ${short(bar.owner, 30)}` : ""}`;
  if (look === "planned") return `${name}: promised a start by ${clock(bar.from, now)}`;
  if (look === "running") {
    const limit = bar.until === undefined ? "no time limit" : `its time is up at ${clock(bar.until, now)}`;
    return `${name}: ${bar.phase === "starting" ? "is starting" : "runs"} since ${clock(bar.from, now)}, ${limit}`;
  }
  const cause = bar.cause && bar.cause !== "done" ? `, ${bar.cause.replace(/-/g, " ")}` : "";
  return `${name}: ${clock(bar.from, now)} to ${clock(placed.until, now)}, ${span(placed.until - bar.from)}${cause}`;
}

// Where a key leads; null: it is no key of the chart.
function step(rows: Row[], at: Walked | null, key: string, now: number): Walked | null {
  const row = at?.row ?? -1;
  if (key === "ArrowDown" || key === "ArrowUp") {
    const to = Math.min(rows.length - 1, Math.max(0, row + (key === "ArrowDown" ? 1 : -1)));
    const bars = rows[to]?.bars ?? [];
    return { row: to, placed: bars.find((each) => each.until >= now) ?? bars[bars.length - 1] ?? null };
  }
  const bars = rows[Math.max(0, row)]?.bars ?? [];
  if (key === "Home" || key === "End")
    return { row: Math.max(0, row), placed: bars[key === "Home" ? 0 : bars.length - 1] ?? null };
  if (key !== "ArrowLeft" && key !== "ArrowRight") return null;
  const found = at?.placed ? bars.findIndex((each) => each.bar === at.placed!.bar) : -1;
  const to = found < 0 ? bars.length - 1 : found + (key === "ArrowRight" ? 1 : -1);
  return { row: Math.max(0, row), placed: bars[Math.min(bars.length - 1, Math.max(0, to))] ?? null };
}

function keep_in_sight(scroll: HTMLElement, row: number) {
  const top = row * row_height;
  const room = scroll.clientHeight - head_height - row_height;
  if (top < scroll.scrollTop) scroll.scrollTop = top;
  else if (top > scroll.scrollTop + room) scroll.scrollTop = top - room;
}
