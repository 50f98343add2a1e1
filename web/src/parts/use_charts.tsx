// How busy devices were, their memory and their power, over time. What was not measured is a gap.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { exact, percent, power, size } from "../base/format";
import type { Readings } from "../base/model";
import { colour, useTheme, watch_width } from "./colours";

type Values = (number | null)[];

interface Kind {
  key: "busy_percent" | "memory_bytes" | "power_watts";
  name: string;
  words: (value: number | null | undefined) => string;
  most?: number;
  /** Steps of its axis, where round numbers are others than those of ten. */
  steps?: number[];
}
const powers_of_two = Array.from({ length: 40 }, (_, i) => 2 ** (i + 10));
const kinds: Kind[] = [
  { key: "busy_percent", name: "Busy", words: percent, most: 100 },
  { key: "memory_bytes", name: "Memory", words: size, steps: powers_of_two },
  { key: "power_watts", name: "Power", words: power },
];

/** More devices than this are lines of one colour. */
const most_coloured = 8;

export function UseCharts(props: { readings: Readings | undefined; over?: boolean; none?: string }) {
  const { readings } = props;
  if (!readings) return <p class="muted">Asking…</p>;
  if (readings.at.length === 0 || readings.devices.length === 0)
    return <p class="muted">{props.none ?? "There is no reading of it yet."}</p>;
  return (
    <div class="charts">
      {kinds.map((kind) => (
        <Chart key={kind.key} kind={kind} readings={readings} over={props.over ?? false} />
      ))}
    </div>
  );
}

/** "now 84 %, mean 70 %" over all devices (at the end, where their gang is over), or that nothing is known. */
export function in_words(lines: Values[], words: Kind["words"], over: boolean): string {
  const known = lines.flat().filter((value): value is number => value !== null && value !== undefined);
  if (known.length === 0) return "not measured";
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const newest = lines
    .map((line) => line[line.length - 1])
    .filter((value): value is number => typeof value === "number");
  const now =
    newest.length > 0
      ? `${over ? "at the end" : "now"} ${words(newest.reduce((sum, value) => sum + value, 0) / newest.length)}, `
      : "";
  return `${now}mean ${words(mean)}`;
}

function Chart(props: { kind: Kind; readings: Readings; over: boolean }) {
  const { kind, readings } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const theme = useTheme();
  const lines = readings.devices.map((device) => device[kind.key] ?? []);
  const data = [readings.at.map((us) => us / 1e6), ...lines] as uPlot.AlignedData;
  const words = in_words(lines, kind.words, props.over);
  const shape = readings.devices.map((device) => `${device.device.node}/${device.device.device}`).join(" ");
  useEffect(() => {
    const element = place.current!;
    const plot = new uPlot(options(kind, readings, element.clientWidth || 300), data, element);
    chart.current = plot;
    const end = watch_width(element, (width) => plot.setSize({ width, height: chart_height }));
    return () => {
      end();
      plot.destroy();
    };
  }, [theme, shape]);
  useEffect(() => chart.current?.setData(data), [readings]);
  return (
    <figure class="chart">
      <figcaption>
        {kind.name}{" "}
        <span class="muted">
          {readings.devices.length > 1 ? `${words} over ${readings.devices.length} devices` : words}
        </span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${kind.name}: ${words}`} />
    </figure>
  );
}

/** "14:05", or "14:05:30" where the lines of the axis are less than a minute apart. */
function time_words(seconds: number, splits: number[]): string {
  const whole = exact(seconds * 1e6).slice(-8);
  return splits.length > 1 && splits[1]! - splits[0]! < 60 ? whole : whole.slice(0, 5);
}

const chart_height = 120;

function options(kind: Kind, readings: Readings, width: number): uPlot.Options {
  const line = colour("line");
  const muted = colour("muted");
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const many = readings.devices.length > most_coloured;
  const axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width,
    height: chart_height,
    legend: { show: false },
    cursor: { sync: { key: "use" }, drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, kind.most ?? Math.max(high || 0, 1) * 1.05] } },
    axes: [
      { ...axis, size: 22, values: (_plot, splits) => splits.map((at) => time_words(at, splits)), space: 70 },
      {
        ...axis,
        size: 52,
        space: 30,
        ...(kind.steps ? { incrs: kind.steps } : {}),
        values: (_plot, splits) => splits.map((value) => kind.words(value)),
      },
    ],
    series: [
      {},
      ...readings.devices.map((_device, i) => ({
        stroke: many ? colour("accent") : colour(`series-${i}`),
        width: many ? 0.6 : 1.5,
        alpha: many ? 0.5 : 1,
        spanGaps: false,
        points: { show: false },
      })),
    ],
  };
}
