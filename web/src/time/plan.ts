// Bars of gangs on rows of devices. Pure.
import type { NodeView, TimelineBar } from "../base/model";
import { model } from "../base/format";

export interface Row {
  node: number;
  /** Null: what runs on the node's CPUs alone. */
  device: number | null;
  label: string;
  /** The node's name, on its first row. */
  heading: string;
  bars: Placed[];
}
export interface Placed {
  bar: TimelineBar;
  until: number;
  lane: number;
  /** How many lanes those have that are beside each other. */
  lanes: number;
}

/** More gangs side by side on one row are drawn over each other. */
export const most_lanes = 6;

/** A row for each device, and one for the CPUs of a node where something ran without devices. */
export function rows_of(nodes: NodeView[], bars: TimelineBar[], now: number, horizon: number): Row[] {
  const of_place = new Map<string, TimelineBar[]>();
  for (const bar of bars)
    for (const key of places_of(bar)) {
      const list = of_place.get(key);
      if (list) list.push(bar);
      else of_place.set(key, [bar]);
    }
  const rows: Row[] = [];
  for (const view of nodes) {
    const before = rows.length;
    (view.node.devices ?? []).forEach((device, index) => {
      if (device.allottable === false) return;
      const label = `${index} ${model(device.model)}`;
      rows.push(row_of(view.id, index, label, of_place.get(`${view.id}/${index}`), now, horizon));
    });
    const cpus = of_place.get(`${view.id}/null`);
    if (cpus || rows.length === before) rows.push(row_of(view.id, null, "CPUs", cpus, now, horizon));
    rows[before]!.heading = view.node.name;
  }
  return rows;
}

/** "0/3" for a device, "2/null" for a node of which it has no device. */
function places_of(bar: TimelineBar): string[] {
  const devices = bar.devices ?? [];
  const without = (bar.nodes ?? []).filter((node) => !devices.some((each) => each.node === node));
  return [...devices.map((each) => `${each.node}/${each.device}`), ...without.map((node) => `${node}/null`)];
}

function row_of(
  node: number,
  device: number | null,
  label: string,
  bars: TimelineBar[] | undefined,
  now: number,
  horizon: number,
): Row {
  return { node, device, label, heading: "", bars: lanes_of(bars ?? [], now, horizon) };
}

/** Where a bar ends: what runs without a limit goes on beyond the right edge. */
export function end_of(bar: TimelineBar, now: number, horizon: number): number {
  if (bar.until !== undefined) return Math.max(bar.until, bar.from);
  return bar.phase === "ended" ? bar.from : Math.max(now, horizon);
}

// Gangs that share a device are drawn one above the other, and only where they do.
function lanes_of(bars: TimelineBar[], now: number, horizon: number): Placed[] {
  const sorted = bars
    .map((bar) => ({ bar, until: end_of(bar, now, horizon), lane: 0, lanes: 1 }))
    .sort((a, b) => a.bar.from - b.bar.from);
  let group: Placed[] = [];
  let free_at: number[] = [];
  const close = () => {
    for (const each of group) each.lanes = free_at.length;
    group = [];
    free_at = [];
  };
  for (const each of sorted) {
    if (free_at.every((time) => time <= each.bar.from)) close();
    let lane = free_at.findIndex((time) => time <= each.bar.from);
    if (lane < 0) lane = free_at.length < most_lanes ? free_at.length : most_lanes - 1;
    free_at[lane] = each.until;
    each.lane = lane;
    group.push(each);
  }
  close();
  return sorted;
}

const steps_s = [10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800];

/** Times of the reader's clock at which lines are drawn, at most about `most` of them. */
export function ticks(from: number, until: number, most: number, offset_minutes: number): number[] {
  const step = (steps_s.find((s) => (until - from) / (s * 1e6) <= most) ?? steps_s[steps_s.length - 1]!) * 1e6;
  const offset = offset_minutes * 60e6;
  const found: number[] = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= until; at += step) found.push(at);
  return found;
}

export function bar_look(bar: TimelineBar): string {
  if (bar.phase === "waiting") return "planned";
  if (bar.phase !== "ended") return "running";
  if (bar.cause === undefined || bar.cause === "done") return "done";
  return bar.cause === "stopped" || bar.cause === "preempted" ? "stopped" : "failed";
}
