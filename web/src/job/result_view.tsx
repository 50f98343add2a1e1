// What the gangs of a sweep wrote against the values they got: a chart, and a table that says the same.
import { useMemo, useRef, useState } from "preact/hooks";
import { count, many, unknown } from "../base/format";
import type { JobResults, JobSummary } from "../base/model";
import { address } from "../base/route";
import { steady } from "../base/steady";
import { useLiveKept } from "../live/hooks";
import { results_rule } from "../live/rules";
import { Empty, Trouble } from "../parts/notice";
import { ResultChart } from "./result_chart";
import { across_choices, gang_column, next_result_sort, points_of, results_table, sorted_rows } from "./results";
import type { ResultColumn, ResultRow, ResultSort, ResultTable } from "./results";

/** As many as the service looks at for one question. */
const page = 1000;
/** More rows are shown on asking. */
const rows_at_once = 100;

export function ResultView(props: { job: JobSummary; open: number | undefined }) {
  const { job } = props;
  const [first, set_first] = useState(0);
  const seen = useLiveKept<JobResults>(`/v1/jobs/${job.id}/results?first=${first}&most=${page}`, results_rule(job.id));
  const results = seen.value;
  const table = useMemo(() => (results ? results_table(results.results ?? []) : undefined), [results]);
  const all = results?.gangs ?? job.gangs;
  const from = results?.first ?? 0;
  const looked_at = results?.looked_at ?? 0;
  return (
    <>
      <Trouble trouble={seen.trouble} has_value={table !== undefined} />
      {!table && !seen.trouble && <Empty words="Asking…" />}
      {table && table.rows.length === 0 && (
        <Empty words="None of the gangs that ended well wrote numbers to {output}." />
      )}
      {table && table.rows.length > 0 && (
        <>
          <Chart job={job.id} table={table} open={props.open} />
          <Rows job={job.id} table={table} open={props.open} />
        </>
      )}
      {looked_at < all && results && (
        <div class="pages">
          <button disabled={from === 0} onClick={() => set_first(Math.max(0, from - page))}>
            Before
          </button>
          <span class="muted">
            {count(looked_at)} of {count(all)} gangs were looked at: {count(from)} to {count(from + looked_at - 1)}
          </span>
          <button disabled={from + looked_at >= all} onClick={() => set_first(from + looked_at)}>
            After
          </button>
        </div>
      )}
    </>
  );
}

interface Shown {
  job: number;
  table: ResultTable;
  open: number | undefined;
}

function Chart({ job, table, open }: Shown) {
  const [wanted_x, set_x] = useState("");
  const [wanted_y, set_y] = useState("");
  const across = across_choices(table);
  const up = table.columns.filter((column) => !column.of_sweep);
  const x = across.find((column) => column.id === wanted_x) ?? across[0];
  const y = up.find((column) => column.id === wanted_y) ?? up[0];
  const points = useMemo(() => (x && y ? points_of(table, x.id, y.id) : []), [table, x?.id, y?.id]);
  if (!x || !y) return null;
  return (
    <>
      <div class="tools result-tools">
        <Choice label="Chart" columns={up} chosen={y.id} choose={set_y} />
        <Choice label="against" columns={across} chosen={x.id} choose={set_x} />
      </div>
      <ResultChart
        points={points}
        across={x.name}
        up={y.name}
        open={open}
        choose={(gang) => (location.hash = address({ view: "job", job, gang }))}
        tell={(gang) => words_of(table, gang, y)}
      />
    </>
  );
}

function Choice(props: { label: string; columns: ResultColumn[]; chosen: string; choose: (id: string) => void }) {
  return (
    <label class="check">
      {props.label}
      <select value={props.chosen} onChange={(event) => props.choose(event.currentTarget.value)}>
        {props.columns.map((column) => (
          <option key={column.id} value={column.id}>
            {column.name}
          </option>
        ))}
      </select>
    </label>
  );
}

// "gang 7: accuracy 0.9312 · lr = 0.1, seed = 3"
function words_of(table: ResultTable, gang: number, up: ResultColumn): string {
  const row = table.rows.find((each) => each.gang === gang);
  if (!row) return `gang ${gang}`;
  const number = row.cells[table.columns.indexOf(up)]?.words ?? "";
  const values = table.columns.flatMap((column, i) =>
    column.of_sweep ? [`${column.name} = ${row.cells[i]!.words}`] : [],
  );
  return `gang ${gang}: ${up.name} ${number} · ${values.join(", ")}`;
}

const by_gang: ResultSort = { column: gang_column.id, down: false };

// Rows stay in their places while somebody points at one.
function Rows({ job, table, open }: Shown) {
  const [sort, set_sort] = useState<ResultSort | null>(null);
  const [pointed, set_pointed] = useState(false);
  const [focused, set_focused] = useState(false);
  const [all, set_all] = useState(false);
  const shown = useRef<ResultRow[]>([]);
  const shape = useRef("");
  const sorted = useMemo(() => sorted_rows(table, sort), [table, sort]);
  // Rows of other columns would stand below the wrong headings.
  const columns = table.columns.map((column) => column.id).join("\n");
  const held = (pointed || focused) && shape.current === columns;
  const { rows, held_back } = steady(shown.current, sorted, (row) => row.gang, held);
  shown.current = rows;
  shape.current = columns;
  const press = (column: ResultColumn) => {
    shown.current = [];
    set_sort(next_result_sort(sort, column));
  };
  return (
    <>
      <div class="scroll">
        <table class="gangs results">
          <thead>
            <tr>
              <Heading column={gang_column} sort={sort ?? by_gang} press={press} />
              {table.columns.map((column) => (
                <Heading key={column.id} column={column} sort={sort ?? by_gang} press={press} />
              ))}
            </tr>
          </thead>
          <tbody
            onPointerEnter={() => set_pointed(true)}
            onPointerLeave={() => set_pointed(false)}
            onFocusCapture={() => set_focused(true)}
            onBlurCapture={() => set_focused(false)}
          >
            {(all ? rows : rows.slice(0, rows_at_once)).map((row) => (
              <Row key={row.gang} job={job} columns={table.columns} row={row} open={row.gang === open} />
            ))}
          </tbody>
        </table>
      </div>
      {!all && rows.length > rows_at_once && (
        <button class="quiet" onClick={() => set_all(true)}>
          Show all {count(rows.length)}
        </button>
      )}
      {table.left_out > 0 && (
        <p class="muted">{many(table.left_out, "number")} that fewer gangs wrote have no column.</p>
      )}
      {held_back > 0 && (
        <p class="held muted" aria-hidden="true">
          {many(held_back, "change")} held back while you point at the list
        </p>
      )}
    </>
  );
}

function Row(props: { job: number; columns: ResultColumn[]; row: ResultRow; open: boolean }) {
  const { row, open } = props;
  return (
    <tr class={open ? "open" : ""}>
      <td class="number">
        <a href={address({ view: "job", job: props.job, gang: row.gang })} aria-current={open ? "true" : undefined}>
          {row.gang}
        </a>
      </td>
      {props.columns.map((column, i) => (
        <td key={column.id} class={column.numeric ? "number" : ""} title={row.cells[i]!.exact}>
          {row.cells[i]!.words || (column.of_sweep ? "" : unknown)}
        </td>
      ))}
    </tr>
  );
}

function Heading(props: { column: ResultColumn; sort: ResultSort; press: (column: ResultColumn) => void }) {
  const { column, sort } = props;
  const here = sort.column === column.id;
  return (
    <th class={column.numeric ? "number" : ""} aria-sort={here ? (sort.down ? "descending" : "ascending") : "none"}>
      <button class="sort" onClick={() => props.press(column)}>
        {column.name}
        <span aria-hidden="true">{here ? (sort.down ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}
