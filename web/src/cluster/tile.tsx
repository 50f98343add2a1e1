// One device: who is on it, how busy, its memory, power and temperature.
import { memo } from "preact/compat";
import { celsius, model, percent, power, size, unknown } from "../base/format";
import { address } from "../base/route";
import { TileFences } from "./tile_fences";
import { gang_name, held_idle, who_words, type DeviceView } from "./standing";

export interface TileProps {
  view: DeviceView;
  names: Map<number, string>;
  /** It was on the screen: only then is asked what the node does not tell. */
  seen: boolean;
  /** How it reaches the device that is pointed at; empty: none is, or it is this one. */
  near: string;
  point: (index: number | null) => void;
}

/** "NVIDIA A100 80GB PCIe MIG 3g.40gb" as "MIG 3g.40gb": which device it is a slice of stands beside it. */
function slice_name(name: string | undefined): string {
  return /MIG .*/.exec(name ?? "")?.[0] ?? model(name);
}

/** "2", and "2 of 0" for a slice. */
function number_of(view: DeviceView): string {
  const parent = view.device.parent;
  return parent === undefined ? String(view.index) : `${view.index} of ${parent}`;
}

function Who(props: { view: DeviceView; names: Map<number, string> }) {
  const { view, names } = props;
  const gangs = view.use.gangs ?? [];
  if (gangs.length === 0) {
    const words = who_words(view);
    return (
      <span class="tile-who" title={words}>
        {words}
      </span>
    );
  }
  const [gang, share] = gangs[0]!;
  const name = names.get(gang.job);
  const part = share < 1000 ? ` (${share / 1000})` : "";
  return (
    <span class="tile-who">
      <a
        href={address({ view: "job", job: gang.job, gang: gang.gang })}
        title={`gang ${gang_name(gang)}${name ? ` of ${name}` : ""}`}
      >
        <b>{gang_name(gang)}</b> {name ?? ""}
      </a>
      {part}
      {gangs.length > 1 && <span class="more"> +{gangs.length - 1}</span>}
    </span>
  );
}

function Level(props: { label: string; part: number | undefined; words: string; low?: boolean }) {
  const known = props.part !== undefined;
  return (
    <span class="level">
      <span class="level-name">{props.label}</span>
      <span class={`level-bar${known ? "" : " unknown"}`} aria-hidden="true">
        <span
          class={props.low ? "low" : ""}
          style={{ transform: `scaleX(${known ? Math.min(1, Math.max(0, props.part!)) : 0})` }}
        />
      </span>
      <span class="level-words">{props.words}</span>
    </span>
  );
}

function memory_words(view: DeviceView): string {
  const all = view.device.memory;
  if (view.sample.memory_used === undefined) return all ? `${unknown} / ${size(all)}` : unknown;
  const used = size(view.sample.memory_used);
  // "57.6 / 80G": the unit is said once where it is the same.
  if (all && used.slice(-1) === size(all).slice(-1)) return `${used.slice(0, -1)} / ${size(all)}`;
  return all ? `${used} / ${size(all)}` : used;
}

export const Tile = memo(function Tile(props: TileProps) {
  const { view } = props;
  const { sample, device } = view;
  const memory = device.memory && sample.memory_used !== undefined ? sample.memory_used / device.memory : undefined;
  const name = device.parent === undefined ? model(device.model) : slice_name(device.model);
  const foreign = view.standing === "held" && view.use.foreign ? "also used from outside" : "";
  return (
    <li
      class={`tile ${view.standing}${props.near === "" ? "" : " near"}`}
      onPointerEnter={() => props.point(view.index)}
      onPointerLeave={() => props.point(null)}
      onFocusCapture={() => props.point(view.index)}
      onBlurCapture={() => props.point(null)}
    >
      <span class="tile-head">
        <a class="tile-open" href={address({ view: "cluster", node: view.node.id, device: view.index })}>
          <span class="unseen">Device </span>
          <span class="tile-number">{number_of(view)}</span> {name}
          <span class="unseen"> of {view.node.node.name}</span>
        </a>
        <span class="tile-heat">{celsius(sample.temperature_celsius)}</span>
      </span>
      <Who view={view} names={props.names} />
      <Level
        label="busy"
        part={sample.busy_percent === undefined ? undefined : sample.busy_percent / 100}
        words={percent(sample.busy_percent)}
        low={held_idle(view)}
      />
      <Level label="mem" part={memory} words={memory_words(view)} />
      <span class="tile-foot">
        {props.near !== "" ? (
          <span class="tile-near">{props.near}</span>
        ) : (
          <>
            <span>{power(sample.power)}</span>
            {props.seen && view.use.gangs?.[0] && <TileFences gang={view.use.gangs[0][0]} />}
            {foreign !== "" && <span class="warn-text">{foreign}</span>}
            {sample.state && <span class="muted">{sample.state}</span>}
          </>
        )}
      </span>
    </li>
  );
}, same_tile);

// What a tile shows is all that counts: most readings of most devices do not change from one second to the next.
function same_tile(a: TileProps, b: TileProps): boolean {
  if (a.near !== b.near || a.seen !== b.seen || a.point !== b.point || a.view.standing !== b.view.standing)
    return false;
  const one = a.view.sample;
  const other = b.view.sample;
  if (one.busy_percent !== other.busy_percent || one.memory_used !== other.memory_used || one.power !== other.power)
    return false;
  if (one.temperature_celsius !== other.temperature_celsius || one.state !== other.state) return false;
  if (a.view.device !== b.view.device && JSON.stringify(a.view.device) !== JSON.stringify(b.view.device)) return false;
  if (JSON.stringify(a.view.use) !== JSON.stringify(b.view.use)) return false;
  return (b.view.use.gangs ?? []).every(([gang]) => a.names.get(gang.job) === b.names.get(gang.job));
}
