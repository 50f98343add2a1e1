// A number against a sweep value, a point for each gang: pointed at, walked by keys, opened by Enter.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { count } from "../base/format";
import { colour, useTheme, watch_width } from "../parts/colours";
import { marks_of, nearest, number_words, point_after, scale_of, type Point } from "./results";

interface Props {
  points: Point[];
  /** What stands along and up. */
  across: string;
  up: string;
  open: number | undefined;
  choose: (gang: number) => void;
  tell: (gang: number) => string;
}

const chart_height = 260;
/** So near a point it is pointed at. */
const reach = 14;

export function ResultChart(props: Props) {
  const { points } = props;
  const place = useRef<HTMLDivElement>(null);
  const [pointed, set_pointed] = useState<number | null>(null);
  const [walked, set_walked] = useState<number | null>(null);
  const [focused, set_focused] = useState(false);
  const of_gang = (gang: number | null | undefined) => points.find((point) => point.gang === gang);
  const chart = usePlot(place, points, [
    { point: of_gang(props.open), colour: "text" },
    { point: focused ? of_gang(walked) : undefined, colour: "focus" },
    { point: of_gang(pointed), colour: "muted" },
  ]);

  const press = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      if (walked !== null) props.choose(walked);
    } else {
      const at = points.findIndex((point) => point.gang === walked);
      const to = point_after(points.length, at < 0 ? null : at, event.key);
      if (to === null) return;
      set_walked(points[to]!.gang);
    }
    event.preventDefault();
  };
  const under = (event: MouseEvent) => gang_under(chart.current, points, event);
  const words =
    `${props.up} against ${props.across} of ${count(points.length)} gangs. ` +
    "Arrow keys walk, Enter opens. The table below has the same numbers.";
  const told = pointed ?? (focused ? walked : null);
  return (
    <figure class="chart result-chart">
      <div
        ref={place}
        class={pointed === null ? "" : "pointed"}
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label={words}
        aria-describedby="result-told"
        onKeyDown={press}
        onFocus={() => set_focused(true)}
        onBlur={() => set_focused(false)}
        onPointerMove={(event) => set_pointed(under(event))}
        onPointerLeave={() => set_pointed(null)}
        onClick={(event) => {
          const gang = under(event);
          if (gang === null) return;
          set_walked(gang);
          props.choose(gang);
        }}
      />
      <p id="result-told" class="cell-told" aria-live={focused ? "polite" : "off"}>
        {told === null ? "\u00a0" : props.tell(told)}
      </p>
    </figure>
  );
}

interface Ring {
  point: Point | undefined;
  colour: string;
}

// The plot in `place`: anew with other points or colours, drawn once more with other rings.
function usePlot(place: { current: HTMLElement | null }, points: Point[], rings: Ring[]) {
  const chart = useRef<uPlot | undefined>(undefined);
  const newest = useRef(rings);
  newest.current = rings;
  const theme = useTheme();
  useEffect(() => {
    const element = place.current!;
    const plot = new uPlot(options(points, element.clientWidth || 300, newest), data_of(points), element);
    chart.current = plot;
    const end = watch_width(element, (width) => plot.setSize({ width, height: chart_height }));
    return () => {
      end();
      plot.destroy();
    };
  }, [theme, points]);
  useEffect(() => chart.current?.redraw(false, false), [rings.map((ring) => ring.point?.gang).join(" ")]);
  return chart;
}

function data_of(points: Point[]): uPlot.AlignedData {
  return [points.map((point) => point.x), points.map((point) => point.y)];
}

function gang_under(plot: uPlot | undefined, points: Point[], event: MouseEvent): number | null {
  if (!plot) return null;
  const box = plot.over.getBoundingClientRect();
  const places = points.map(({ x, y }): [number, number] => [plot.valToPos(x, "x"), plot.valToPos(y, "y")]);
  const at = nearest(places, event.clientX - box.left, event.clientY - box.top, reach);
  return at === null ? null : points[at]!.gang;
}

function options(points: Point[], width: number, rings: { current: Ring[] }): uPlot.Options {
  const accent = colour("accent");
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const scale = scale_of(xs, true);
  const upright = scale_of(ys, false);
  const axis = { stroke: colour("muted"), font, grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: chart_height,
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, distr: scale.log ? 3 : 1, range: [scale.low, scale.high] },
      y: { range: [upright.low, upright.high] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        splits: (plot) => marks_of(scale, xs, plot.bbox.width / devicePixelRatio, 46),
        filter: (_plot, splits) => splits,
        // Values of a sweep are far apart where the scale is logarithmic: each is written by itself.
        values: (_plot, splits) => splits.map((split) => String(Number(split.toPrecision(6)))),
      },
      {
        ...axis,
        space: 40,
        size: (_plot, values) => 16 + 7 * longest(values),
        values: (_plot, splits) => splits.map(number_words(splits)),
      },
    ],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      draw: [
        (plot) => {
          // It remembers what the pen was set to last.
          plot.ctx.save();
          draw_points(plot, points, accent);
          draw_rings(plot, rings.current);
          plot.ctx.restore();
        },
      ],
    },
  };
}

function longest(words: string[] | null): number {
  return Math.max(3, ...(words ?? []).map((word) => word.length));
}

// Each by itself and half seen through, so that those on one another look fuller.
function draw_points(plot: uPlot, points: Point[], style: string) {
  const pen = plot.ctx;
  const scale = devicePixelRatio || 1;
  pen.fillStyle = pen.strokeStyle = style;
  pen.lineWidth = scale;
  for (const point of points) {
    pen.beginPath();
    pen.arc(plot.valToPos(point.x, "x", true), plot.valToPos(point.y, "y", true), 4 * scale, 0, 2 * Math.PI);
    pen.globalAlpha = 0.45;
    pen.fill();
    pen.globalAlpha = 1;
    pen.stroke();
  }
}

function draw_rings(plot: uPlot, rings: Ring[]) {
  const pen = plot.ctx;
  const scale = devicePixelRatio || 1;
  for (const { point, colour: name } of rings) {
    if (!point) continue;
    pen.beginPath();
    pen.arc(plot.valToPos(point.x, "x", true), plot.valToPos(point.y, "y", true), 7.5 * scale, 0, 2 * Math.PI);
    pen.strokeStyle = colour(name);
    pen.lineWidth = 2 * scale;
    pen.stroke();
  }
}
