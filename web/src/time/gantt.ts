// Draws the part of the rows that is on the screen.
import { clock } from "../base/format";
import { short } from "../base/text";
import { bar_look, ticks, type Placed, type Row } from "./plan";

export const row_height = 22;
export const head_height = 24;

export interface Window {
  from: number;
  until: number;
  now: number;
}
export interface Scene extends Window {
  rows: Row[];
  top: number;
  width: number;
  height: number;
  labels: number;
  colour: (name: string) => string;
  font: string;
  pointed: Placed | null;
  walked: { row: number; placed: Placed | null } | null;
}

export function x_of(time: number, scene: Window & { width: number; labels: number }): number {
  return scene.labels + ((time - scene.from) / (scene.until - scene.from)) * (scene.width - scene.labels);
}

export function draw(pen: CanvasRenderingContext2D, scene: Scene) {
  const { colour } = scene;
  pen.clearRect(0, 0, scene.width, scene.height);
  pen.font = scene.font;
  pen.textBaseline = "middle";
  const first = Math.max(0, Math.floor(scene.top / row_height));
  const last = Math.min(scene.rows.length, Math.ceil((scene.top + scene.height) / row_height));
  pen.save();
  pen.beginPath();
  pen.rect(0, head_height, scene.width, scene.height - head_height);
  pen.clip();
  for (let i = first; i < last; ++i) draw_ground(pen, scene, i);
  draw_lines(pen, scene);
  for (let i = first; i < last; ++i) draw_row(pen, scene, i);
  draw_now(pen, scene);
  pen.restore();
  draw_head(pen, scene);
  pen.fillStyle = colour("line");
  pen.fillRect(0, head_height - 1, scene.width, 1);
}

function y_of(scene: Scene, row: number): number {
  return head_height + row * row_height - scene.top;
}

function draw_ground(pen: CanvasRenderingContext2D, scene: Scene, i: number) {
  const y = y_of(scene, i);
  if (scene.walked?.row === i) {
    pen.fillStyle = scene.colour("raised");
    pen.fillRect(0, y, scene.width, row_height);
  }
  if (scene.rows[i]!.heading !== "") {
    pen.fillStyle = scene.colour("line");
    pen.fillRect(0, y, scene.width, 1);
  }
}

function draw_lines(pen: CanvasRenderingContext2D, scene: Scene) {
  pen.fillStyle = scene.colour("line");
  for (const time of tick_times(scene)) pen.fillRect(Math.round(x_of(time, scene)), head_height, 1, scene.height);
}

function tick_times(scene: Scene): number[] {
  const most = Math.max(2, Math.floor((scene.width - scene.labels) / 90));
  return ticks(scene.from, scene.until, most, new Date(scene.now / 1000).getTimezoneOffset());
}

function draw_row(pen: CanvasRenderingContext2D, scene: Scene, i: number) {
  const row = scene.rows[i]!;
  const y = y_of(scene, i);
  draw_label(pen, scene, row, y);
  pen.save();
  pen.beginPath();
  pen.rect(scene.labels, y, scene.width - scene.labels, row_height);
  pen.clip();
  for (const placed of row.bars) {
    if (placed.until < scene.from || placed.bar.from > scene.until) continue;
    draw_bar(pen, scene, placed, y);
  }
  pen.restore();
}

function draw_label(pen: CanvasRenderingContext2D, scene: Scene, row: Row, y: number) {
  const split = scene.labels > 130 ? scene.labels * 0.42 : 0;
  const text = (words: string, x: number, width: number, style: string) => {
    pen.save();
    pen.beginPath();
    pen.rect(x, y, width, row_height);
    pen.clip();
    pen.fillStyle = scene.colour(style);
    pen.fillText(words, x, y + row_height / 2 + 1);
    pen.restore();
  };
  if (split > 0) {
    if (row.heading !== "") text(row.heading, 10, split - 16, "text");
    text(row.label, split, scene.labels - split - 6, "muted");
  } else {
    text(`${row.heading} ${row.device ?? "CPUs"}`.trim(), 8, scene.labels - 12, row.heading === "" ? "muted" : "text");
  }
}

function draw_bar(pen: CanvasRenderingContext2D, scene: Scene, placed: Placed, y: number) {
  const look = bar_look(placed.bar);
  const lane = (row_height - 4) / placed.lanes;
  const left = x_of(placed.bar.from, scene);
  const right = Math.max(x_of(placed.until, scene), left + 1.5);
  const top = y + 2 + placed.lane * lane;
  const height = Math.max(lane - (placed.lanes > 1 ? 1 : 0), 2);
  const shown_left = Math.max(left, scene.labels - 2);
  const width = Math.min(right, scene.width + 2) - shown_left - 1;
  if (look === "planned") {
    pen.strokeStyle = scene.colour("accent");
    pen.setLineDash([4, 3]);
    pen.strokeRect(shown_left + 0.5, top + 0.5, Math.max(width - 1, 1), height - 1);
    pen.setLineDash([]);
  } else {
    pen.fillStyle = scene.colour(`cell-${look}`);
    pen.fillRect(shown_left, top, Math.max(width, 1), height);
    if (look === "running") draw_rest(pen, scene, shown_left + width, top, height);
  }
  draw_name(pen, scene, placed, { left: shown_left, right: shown_left + width, top, height });
  if (scene.pointed === placed || scene.walked?.placed === placed) {
    pen.strokeStyle = scene.colour(scene.walked?.placed === placed ? "focus" : "text");
    pen.lineWidth = 2;
    pen.strokeRect(shown_left, top, Math.max(width, 2), height);
    pen.lineWidth = 1;
  }
}

// In the part that has passed, or else in the pale one that is still to come.
function draw_name(
  pen: CanvasRenderingContext2D,
  scene: Scene,
  placed: Placed,
  box: { left: number; right: number; top: number; height: number },
) {
  const look = bar_look(placed.bar);
  let { left, right } = box;
  let style = look === "planned" ? "accent" : `on-${look}`;
  const now = x_of(scene.now, scene);
  if (look === "running" && now < right) {
    if (now - left > 80) right = now;
    else {
      left = Math.max(left, now);
      style = "on-rest";
    }
  }
  if (right - left < 34 || box.height < 10) return;
  pen.save();
  pen.beginPath();
  pen.rect(left + 4, box.top, right - left - 8, box.height);
  pen.clip();
  pen.fillStyle = scene.colour(style);
  pen.fillText(bar_name(placed), left + 5, box.top + box.height / 2 + 1);
  pen.restore();
}

// What is still to come of a gang that runs is paler: it may end before its limit.
function draw_rest(pen: CanvasRenderingContext2D, scene: Scene, right: number, top: number, height: number) {
  const now = Math.max(x_of(scene.now, scene), scene.labels);
  if (right <= now) return;
  pen.fillStyle = scene.colour("veil");
  pen.fillRect(now, top, right - now, height);
}

export function bar_name(placed: Placed): string {
  const name = short(placed.bar.name, 40);
  return `${placed.bar.gang.job}.${placed.bar.gang.gang}${name === "" ? "" : ` ${name}`}`;
}

function draw_now(pen: CanvasRenderingContext2D, scene: Scene) {
  const x = x_of(scene.now, scene);
  if (x < scene.labels || x > scene.width) return;
  pen.fillStyle = scene.colour("accent");
  pen.fillRect(Math.round(x), head_height, 2, scene.height);
}

function draw_head(pen: CanvasRenderingContext2D, scene: Scene) {
  pen.fillStyle = scene.colour("muted");
  pen.textAlign = "center";
  const now = x_of(scene.now, scene);
  for (const time of tick_times(scene)) {
    const x = x_of(time, scene);
    if (x < scene.labels + 20 || x > scene.width - 20 || Math.abs(x - now) < 48) continue;
    pen.fillText(clock(time, scene.now), x, head_height / 2);
  }
  if (now > scene.labels && now < scene.width) {
    pen.fillStyle = scene.colour("accent");
    pen.fillText("now", Math.min(now, scene.width - 14), head_height / 2);
  }
  pen.textAlign = "left";
}
