// All gangs of a job as cells on one canvas: pointed at, walked by keys, opened by Enter.
import { useEffect, useRef, useState } from "preact/hooks";
import { count } from "../base/format";
import { colour, useTheme, watch_width } from "../parts/colours";
import { cell_at, counts, grid_of, kinds, next_of, walk, words_of, type Grid } from "./grid";

const most_height = 420;

interface Props {
  cells: string;
  open: number | undefined;
  choose: (gang: number) => void;
  /** What is known of a gang beyond its state, for the line below. */
  tell: (gang: number) => string;
}

export function CellGrid(props: Props) {
  const { cells } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const [width, set_width] = useState(0);
  const [at, set_at] = useState(props.open ?? 0);
  const [pointed, set_pointed] = useState<number | null>(null);
  const [focused, set_focused] = useState(false);
  const theme = useTheme();
  const grid = grid_of(cells.length, Math.max(width, 60), most_height);
  useEffect(() => watch_width(place.current!, (wide) => set_width(Math.floor(wide))), []);
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, grid, cells, focused ? at : null, pointed, props.open);
  }, [cells, width, at, pointed, focused, theme, props.open]);

  const press = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") props.choose(at);
    else {
      const to = walk(grid, cells.length, at, event.key);
      if (to === null) return;
      set_at(to);
    }
    event.preventDefault();
  };
  const gang_under = (event: PointerEvent | MouseEvent) => cell_at(grid, cells.length, event.offsetX, event.offsetY);
  const told = pointed ?? (focused ? at : null);
  return (
    <div class="cells">
      <div ref={place}>
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-roledescription="grid of gangs"
          aria-label={`${count(cells.length)} gangs. Arrow keys walk, Enter opens.`}
          aria-describedby="cell-told"
          onKeyDown={press}
          onFocus={() => set_focused(true)}
          onBlur={() => set_focused(false)}
          onPointerMove={(event) => set_pointed(gang_under(event))}
          onPointerLeave={() => set_pointed(null)}
          onClick={(event) => {
            const gang = gang_under(event);
            if (gang === null) return;
            set_at(gang);
            props.choose(gang);
          }}
        />
      </div>
      <p id="cell-told" class="cell-told" aria-live={focused ? "polite" : "off"}>
        {told === null ? "\u00a0" : `gang ${told}: ${words_of(cells[told])}${props.tell(told)}`}
      </p>
      <Legend
        cells={cells}
        at={at}
        go={(gang) => {
          set_at(gang);
          props.choose(gang);
        }}
      />
    </div>
  );
}

// Each kind that there is, with its number; a press goes to the next gang of it.
function Legend(props: { cells: string; at: number; go: (gang: number) => void }) {
  const found = counts(props.cells);
  return (
    <ul class="legend">
      {kinds
        .filter((kind) => found.has(kind.letter))
        .map((kind) => (
          <li key={kind.letter}>
            <button
              class="quiet"
              title={`Open the next gang that is ${kind.words}`}
              onClick={() => {
                const next = next_of(props.cells, kind.letter, props.at);
                if (next !== null) props.go(next);
              }}
            >
              <span class={`state ${kind.look}`}>
                <span class="mark" aria-hidden="true" />
                <b>{count(found.get(kind.letter)!)}</b> {kind.words}
              </span>
            </button>
          </li>
        ))}
    </ul>
  );
}

function draw(
  canvas: HTMLCanvasElement,
  grid: Grid,
  cells: string,
  at: number | null,
  pointed: number | null,
  open: number | undefined,
) {
  const scale = devicePixelRatio || 1;
  const width = grid.columns * grid.pitch;
  const height = grid.rows * grid.pitch;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d")!;
  pen.scale(scale, scale);
  const gap = grid.pitch >= 10 ? 2 : 1;
  const side = grid.pitch - gap;
  // One colour after the other: changing it costs more than a cell.
  for (const kind of kinds) {
    pen.fillStyle = pen.strokeStyle = colour(`cell-${kind.look}`);
    pen.beginPath();
    for (let gang = cells.indexOf(kind.letter); gang >= 0; gang = cells.indexOf(kind.letter, gang + 1)) {
      const x = (gang % grid.columns) * grid.pitch;
      const y = Math.floor(gang / grid.columns) * grid.pitch;
      shape(pen, kind.letter, x, y, side);
    }
    if (kind.letter === "w" || kind.letter === "n") pen.stroke();
    else pen.fill();
  }
  const ring = (gang: number | null | undefined, style: string, line: number) => {
    if (gang === null || gang === undefined || gang >= cells.length) return;
    pen.strokeStyle = style;
    pen.lineWidth = line;
    pen.strokeRect(
      (gang % grid.columns) * grid.pitch - 0.5,
      Math.floor(gang / grid.columns) * grid.pitch - 0.5,
      side + 1,
      side + 1,
    );
  };
  ring(pointed, colour("muted"), 1);
  ring(open, colour("text"), 2);
  ring(at, colour("focus"), 2);
}

// Not by colour alone: what waits is hollow, what ended badly has a notch, what was stopped is a bar.
function shape(pen: CanvasRenderingContext2D, letter: string, x: number, y: number, side: number) {
  if (letter === "w") pen.rect(x + 0.5, y + 0.5, side - 1, side - 1);
  else if (letter === "n") {
    pen.moveTo(x + 1, y + side / 2);
    pen.lineTo(x + side - 1, y + side / 2);
  } else if (letter === "x") pen.rect(x, y + side * 0.3, side, side * 0.4);
  else if (letter === "f") {
    pen.moveTo(x, y);
    pen.lineTo(x + side * 0.6, y);
    pen.lineTo(x + side, y + side * 0.4);
    pen.lineTo(x + side, y + side);
    pen.lineTo(x, y + side);
    pen.closePath();
  } else if (letter === "s") {
    pen.moveTo(x, y);
    pen.lineTo(x + side, y + side);
    pen.lineTo(x, y + side);
    pen.closePath();
  } else pen.rect(x, y, side, side);
}
