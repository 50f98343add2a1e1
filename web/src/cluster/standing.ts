// What is said of a device and of all together. Pure.
import { cpus_in } from "../base/format";
import type { Device, DeviceSample, DeviceUse, Fence, GangId, NodeView } from "../base/model";
import { plain } from "../base/text";

export type Standing = "held" | "free" | "foreign" | "aside" | "cut" | "missing" | "away";

export interface DeviceView {
  node: NodeView;
  index: number;
  device: Device;
  sample: DeviceSample;
  use: DeviceUse;
  standing: Standing;
}

export function device_views(view: NodeView): DeviceView[] {
  return (view.node.devices ?? []).map((device, index) => {
    const use = view.use?.[index] ?? {};
    const elsewhere = view.placed?.devices_held?.includes(index) ?? false;
    const standing = standing_of(device, use, elsewhere);
    const away = standing === "free" && !takes_gangs(view);
    return {
      node: view,
      index,
      device,
      sample: view.sample?.devices?.[index] ?? {},
      use,
      standing: away ? "away" : standing,
    };
  });
}

/** Whether anything new could start there. */
export function takes_gangs(view: NodeView): boolean {
  return view.node.up !== false && !out_of_service.test(view.placed?.state ?? "");
}

/** States of a node in Slurm's words in which nothing new starts there. */
export const out_of_service = /^(drain|down|fail|not_resp|maint|power)/i;

export function standing_of(device: Device, use: DeviceUse, held_elsewhere = false): Standing {
  if (device.present === false) return "missing";
  if ((use.gangs?.length ?? 0) > 0) return "held";
  if (plain(use.foreign) !== "" || use.leased || held_elsewhere) return "foreign";
  if (device.allottable === false) return "cut";
  return (use.set_aside?.length ?? 0) > 0 ? "aside" : "free";
}

/** Who is on it when no gang is, in words. */
export function who_words(view: DeviceView): string {
  switch (view.standing) {
    case "held":
      return "";
    case "free":
      return "free";
    case "missing":
      return "not found now";
    case "away":
      return view.node.node.up === false ? "not reachable" : "takes nothing new";
    case "cut":
      return "cut into slices";
    case "aside":
      return view.use.set_aside![0]!;
    case "foreign":
      if (view.use.leased) return plain(view.use.foreign) || "another Gangline";
      return plain(view.use.foreign) || "held in the cluster";
  }
}

/** "7" for the only gang of a job is not known here, so a gang is always "7.0". */
export function gang_name(gang: GangId): string {
  return `${gang.job}.${gang.gang}`;
}

/** "fences 2/3", each of them in a title, and whether the one around devices is open. */
export function fence_words(fences: Fence[]): { words: string; title: string; open: boolean } {
  const holding = fences.filter((fence) => fence.holds).length;
  return {
    words: `fences ${holding}/${fences.length}`,
    title: fences.map((each) => `${each.name} ${each.holds ? "holds" : "does not hold"}: ${each.how}`).join("\n"),
    open: fences.some((fence) => fence.name === "devices" && !fence.holds),
  };
}

/** Below this a held device counts as not busy. */
export const idle_percent = 5;

export function held_idle(view: DeviceView): boolean {
  return view.standing === "held" && view.sample.busy_percent !== undefined && view.sample.busy_percent < idle_percent;
}

export interface Totals {
  nodes: number;
  down: number;
  devices: number;
  held: number;
  free: number;
  others: number;
  away: number;
  idle: number;
  /** Mean over the devices that can say it; undefined: none can. */
  busy?: number;
  busy_known: number;
  memory_used?: number;
  memory: number;
  power?: number;
  power_known: number;
  cpus: number;
  cpus_taken: number;
}

/** Over the devices that can be given away: of a GPU that is cut into slices, the slices count. */
export function totals(nodes: NodeView[]): Totals {
  const sum: Totals = {
    nodes: nodes.length,
    down: 0,
    devices: 0,
    held: 0,
    free: 0,
    others: 0,
    away: 0,
    idle: 0,
    busy_known: 0,
    memory: 0,
    power_known: 0,
    cpus: 0,
    cpus_taken: 0,
  };
  let busy = 0;
  for (const view of nodes) {
    if (view.node.up === false) ++sum.down;
    sum.cpus += cpus_in(view.node.cpus) || (view.node.counted ?? 0);
    sum.cpus_taken += cpus_in(view.cpus_taken) || (view.counted_taken ?? view.placed?.cpus_held ?? 0);
    const devices = device_views(view);
    for (const each of devices) {
      if (each.sample.power !== undefined && each.device.parent === undefined) {
        sum.power = (sum.power ?? 0) + each.sample.power;
        ++sum.power_known;
      }
      if (each.standing === "cut" || each.standing === "missing") continue;
      count_device(sum, each);
      if (each.sample.busy_percent !== undefined) {
        busy += each.sample.busy_percent;
        ++sum.busy_known;
      }
    }
    if (devices.length === 0) count_placed(sum, view);
  }
  if (sum.busy_known > 0) sum.busy = busy / sum.busy_known;
  return sum;
}

function count_device(sum: Totals, each: DeviceView) {
  ++sum.devices;
  if (each.standing === "held") ++sum.held;
  else if (each.standing === "free") ++sum.free;
  else if (each.standing === "away") ++sum.away;
  else ++sum.others;
  if (held_idle(each)) ++sum.idle;
  sum.memory += each.device.memory ?? 0;
  if (each.sample.memory_used !== undefined) sum.memory_used = (sum.memory_used ?? 0) + each.sample.memory_used;
}

// Where another system counts its devices and does not name them.
function count_placed(sum: Totals, view: NodeView) {
  for (const kind of view.placed?.devices ?? []) {
    sum.devices += kind.count;
    sum.held += kind.held;
    const rest = Math.max(0, kind.count - kind.held);
    if (takes_gangs(view)) sum.free += rest;
    else sum.away += rest;
  }
}

const link_names: Record<string, string> = {
  "same-board": "same board",
  nvlink: "NVLink",
  "pcie-switch": "one PCIe switch",
  "pcie-switches": "PCIe switches",
  "host-bridge": "one host bridge",
  numa: "one NUMA node",
  system: "across NUMA",
};
const link_order = Object.keys(link_names);

export interface NearDevice {
  device: number;
  kind: string;
  words: string;
}

/** How a device reaches each other of its node, nearest first. A pair without a link counts as `system`. */
export function links_of(view: NodeView, index: number): NearDevice[] {
  const near: NearDevice[] = [];
  const between = new Map((view.node.links ?? []).map((link) => [link.a * 4096 + link.b, link]));
  for (let other = 0; other < (view.node.devices?.length ?? 0); ++other) {
    if (other === index) continue;
    const link = between.get(Math.min(index, other) * 4096 + Math.max(index, other));
    const kind = link?.kind ?? "system";
    const lanes = link?.lanes ? ` ×${link.lanes}` : "";
    near.push({ device: other, kind, words: (link_names[kind] ?? kind) + lanes });
  }
  return near.sort((a, b) => link_order.indexOf(a.kind) - link_order.indexOf(b.kind) || a.device - b.device);
}

export type NodeFilter = "all" | "free" | "idle" | "foreign" | "trouble";

/** Whether a node has something of what is looked for. */
export function node_matches(view: NodeView, filter: NodeFilter, text: string): boolean {
  const name =
    view.node.name +
    " " +
    (view.node.place ?? []).join("/") +
    " " +
    (view.node.devices ?? []).map((d) => d.model).join(" ");
  if (text !== "" && !name.toLowerCase().includes(text.toLowerCase())) return false;
  switch (filter) {
    case "all":
      return true;
    case "free":
      return view.node.up !== false && device_views(view).some((each) => each.standing === "free");
    case "idle":
      return device_views(view).some(held_idle);
    case "foreign":
      return device_views(view).some((each) => each.standing === "foreign");
    case "trouble":
      return in_trouble(view);
  }
}

export function in_trouble(view: NodeView): boolean {
  if (view.node.up === false || (view.node.notes?.length ?? 0) > 0) return true;
  if (!takes_gangs(view)) return true;
  return device_views(view).some((each) => each.standing === "missing");
}
