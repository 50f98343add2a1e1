import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Device, GangResult, JobSummary, LogChunk, NodeView, TimelineBar } from "../src/base/model";
import { device_views, fence_words, links_of, node_matches, standing_of, totals } from "../src/cluster/standing";
import { cell_at, counts, grid_of, next_of, walk } from "../src/job/grid";
import { LogReader, text_of } from "../src/job/log_reader";
import { LogSearch, most_hits } from "../src/job/log_search";
import {
  across_choices,
  gang_column,
  less_is_better,
  marks_of,
  nearest,
  next_result_sort,
  number_in,
  number_words,
  part_of,
  point_after,
  points_of,
  results_table,
  round_steps,
  scale_of,
  sorted_rows,
} from "../src/job/results";
import { sweep_values } from "../src/job/values";
import { job_file, empty_form, quoted } from "../src/jobs/job_file";
import { list_paths, next_sort, one_page, page, sorted } from "../src/jobs/list";
import { begin_of, least_seconds, most_seconds, zoomed, type Shown } from "../src/time/window";
import { rows_of, ticks } from "../src/time/plan";
import { command, empty_what_if } from "../src/what_if/command";
import { may_stay, report_parts, themed } from "../src/what_if/report";
import { log_chunk, policy } from "./fake_service";
import { lab } from "./worlds";

const gpu: Device = { kind: "gpu", uid: "GPU-1", present: true, allottable: true };

test("a device stands as held, free, foreign, aside, cut or missing", () => {
  assert.equal(standing_of(gpu, {}), "free");
  assert.equal(standing_of(gpu, { gangs: [[{ job: 1, gang: 0 }, 1000]] }), "held");
  assert.equal(standing_of(gpu, { foreign: "pid 4 of eve" }), "foreign");
  assert.equal(standing_of(gpu, { leased: true }), "foreign");
  assert.equal(standing_of(gpu, { set_aside: ["reservation 3"] }), "aside");
  assert.equal(standing_of({ ...gpu, allottable: false }, {}), "cut");
  assert.equal(standing_of({ ...gpu, present: false }, {}), "missing");
});

test("fences of a tile are counted, told each, and a warning where devices are open", () => {
  const holds = { name: "devices", holds: true, how: "device cgroup (v2)" };
  const open = { name: "memory", holds: false, how: "not asked for" };
  assert.deepEqual(fence_words([holds, open]), {
    words: "fences 1/2",
    title: "devices holds: device cgroup (v2)\nmemory does not hold: not asked for",
    open: false,
  });
  assert.equal(fence_words([{ ...holds, holds: false }]).open, true);
});

test("totals count what is known, and what nobody can tell is not 0", () => {
  const nodes = lab().nodes;
  const sum = totals(nodes);
  assert.equal(sum.devices, sum.held + sum.free + sum.others + sum.away);
  assert.equal(sum.down, 1);
  const silent: NodeView = { id: 0, node: { name: "a", devices: [gpu] }, use: [{}] };
  assert.equal(totals([silent]).busy, undefined);
  assert.equal(totals([silent]).power, undefined);
  assert.equal(totals([silent]).memory_used, undefined);
});

test("devices of a node that is not reachable are not free", () => {
  const away: NodeView = { id: 0, node: { name: "a", devices: [gpu], up: false }, use: [{}] };
  assert.equal(device_views(away)[0]!.standing, "away");
  assert.equal(totals([away]).free, 0);
  assert.equal(node_matches(away, "free", ""), false);
  assert.equal(node_matches(away, "trouble", ""), true);
});

test("a pair of devices without a link is across NUMA nodes, and the nearest come first", () => {
  const view: NodeView = {
    id: 0,
    node: { name: "a", devices: [gpu, gpu, gpu], links: [{ a: 1, b: 2, kind: "nvlink", lanes: 18 }] },
  };
  assert.deepEqual(
    links_of(view, 2).map((each) => [each.device, each.words]),
    [
      [1, "NVLink ×18"],
      [0, "across NUMA"],
    ],
  );
});

test("10,000 gangs fit on a screen, and every cell is found where it is drawn", () => {
  for (const width of [360, 1000, 1800]) {
    const grid = grid_of(10_000, width, 420);
    assert.ok(grid.columns * grid.pitch <= width);
    assert.ok(grid.columns * grid.rows >= 10_000);
    for (const gang of [0, 17, 9_999])
      assert.equal(
        cell_at(grid, 10_000, (gang % grid.columns) * grid.pitch + 1, Math.floor(gang / grid.columns) * grid.pitch + 1),
        gang,
      );
    assert.equal(cell_at(grid, 10_000, -1, 0), null);
  }
});

test("arrow keys walk the cells and stop at the edges", () => {
  const grid = { columns: 10, rows: 3, pitch: 10 };
  assert.equal(walk(grid, 25, 0, "ArrowLeft"), 0);
  assert.equal(walk(grid, 25, 9, "ArrowRight"), 10);
  assert.equal(walk(grid, 25, 12, "ArrowDown"), 22);
  assert.equal(walk(grid, 25, 17, "ArrowDown"), 17);
  assert.equal(walk(grid, 25, 3, "End"), 24);
  assert.equal(walk(grid, 25, 3, "Tab"), null);
});

test("the next gang of a kind is found around the end", () => {
  assert.equal(next_of("dfdd", "f", 2), 1);
  assert.equal(next_of("dfdd", "x", 0), null);
  assert.equal(counts("ddf").get("d"), 2);
});

test("the last axis of a sweep varies fastest", () => {
  const spec = {
    name: "",
    command: { shell: true, words: [] },
    resources: { tasks: 1 },
    sweep: [
      { name: "lr", values: ["a", "b"] },
      { name: "seed", values: ["1", "2", "3"] },
    ],
  };
  assert.deepEqual(sweep_values(spec, 4), [
    ["lr", "b"],
    ["seed", "2"],
  ]);
  assert.deepEqual(sweep_values(spec, 6), []);
});

test("a form becomes a job file, and each of its lines knows its field", () => {
  const file = job_file({
    ...empty_form,
    command: 'echo "{lr}"',
    name: "x",
    gpus: "one",
    cpus: "4",
    after: "prepare, 7",
    sweep: "lr = 0.1, 0.01\nseed = 1..8",
  });
  assert.equal(
    file.text,
    'name = "x"\ncommand = "echo \\"{lr}\\""\ngpus = "one"\ncpus = 4\nafter = ["prepare", "7"]\n[sweep]\nlr = [0.1, 0.01]\nseed = "1..8"\n',
  );
  assert.deepEqual(file.fields, ["name", "command", "gpus", "cpus", "after", "sweep", "sweep", "sweep"]);
});

test("whatever is typed stays one text of the job file", () => {
  assert.equal(quoted('a"\n[sweep]\\\u0001'), '"a\\"\\n[sweep]\\\\\\u0001"');
  assert.equal(job_file({ ...empty_form, name: 'x"\ngpus = 8' }).text.split("\n").length, 2);
});

test("a list asks for its page, in the order of starts where jobs wait", () => {
  assert.deepEqual(list_paths({ phase: "waiting", text: "", queue: "", newest_first: false }), [
    "/v1/jobs?phase=waiting&limit=50&order=start",
  ]);
  assert.deepEqual(list_paths({ phase: "ended", text: "a&b", queue: "q", newest_first: false, before: 7 }), [
    "/v1/jobs?phase=ended&limit=50&all=&text=a%26b&queue=q&before=7",
  ]);
});

test("what starts is among what runs, and pages leave none of either out", () => {
  assert.deepEqual(list_paths({ phase: "running", text: "", queue: "", newest_first: false, before: 9 }), [
    "/v1/jobs?phase=running&limit=50&before=9",
    "/v1/jobs?phase=starting&limit=50&before=9",
  ]);
  const all = Array.from({ length: 130 }, (_, i) => ({ id: 130 - i, phase: i % 3 === 0 ? "starting" : "running" }));
  const ask = (phase: string, before: number) =>
    all.filter((job) => job.phase === phase && job.id < before).slice(0, page) as JobSummary[];
  const seen: number[] = [];
  for (let before = Infinity, more = true; more; before = seen[seen.length - 1]!) {
    const listed = one_page([ask("running", before), ask("starting", before)]);
    seen.push(...listed.jobs.map((job) => job.id));
    more = listed.more;
  }
  assert.deepEqual(
    seen,
    all.map((job) => job.id),
  );
});

test("the pretended service sends the content policy of the gateway", () => {
  const source = readFileSync("../src/gateway/gateway.cpp", "utf8");
  const begin = source.indexOf('"Content-Security-Policy: ');
  const texts = source.slice(begin, source.indexOf("\\r\\n", begin)).match(/"[^"]*/g)!;
  const sent = texts.filter((_, i) => i % 2 === 0).map((text) => text.slice(1));
  assert.equal(sent.join("").replace("Content-Security-Policy: ", ""), policy);
});

test("a page of a simulation is taken apart: styles as text, nothing that runs", () => {
  const page =
    '<!doctype html><html><head><meta http-equiv=Content-Security-Policy content="x"><style>p{color:red}</style>' +
    "<link rel=icon href='data:,'></head><body><p class=a style='left:3%'>style= in text</p><script>alert(1)</script>" +
    "<STYLE>b{}</STYLE></body>";
  const { css, html } = report_parts(page);
  assert.equal(css, "p{color:red}\nb{}");
  assert.equal(
    html,
    "<!doctype html><html><head></head><body><p class=a data-style='left:3%'>style= in text</p></body>",
  );
  assert.equal(themed("@media(prefers-color-scheme:dark){p{}}", true), "@media(min-width:0){p{}}");
  assert.equal(themed("@media ( prefers-color-scheme: dark ){p{}}", false), "@media (max-width:0){p{}}");
});

test("of a page of a simulation no attribute stays that runs something or leads out of it", () => {
  assert.equal(may_stay("href", "#use"), true);
  assert.equal(may_stay("class", "onload"), true);
  for (const [name, value] of [
    ["onerror", "x"],
    ["ONLOAD", "x"],
    ["href", "javascript:x"],
    ["href", "https://example.com"],
    ["xlink:href", "https://example.com"],
    ["src", "https://example.com"],
    ["srcdoc", "#"],
    ["ping", "https://example.com"],
  ])
    assert.equal(may_stay(name!, value!), false, name);
});

test("a zoom keeps its time in its place, within what there is of more and less time", () => {
  const now = 1e15;
  const hour = { seconds: 3600, shift: 0 };
  const closer = zoomed(hour, 0.5, now - 600e6, now);
  assert.equal(closer.seconds, 1800);
  const part = (shown: Shown, time: number) => (time - begin_of(shown, now)) / (shown.seconds * 1e6);
  assert.ok(Math.abs(part(closer, now - 600e6) - part(hour, now - 600e6)) < 1e-9);
  assert.deepEqual(zoomed(hour, 2, now, now), { seconds: 7200, shift: 0 });
  assert.equal(zoomed(hour, 1e-9, now, now).seconds, least_seconds);
  assert.equal(zoomed(hour, 1e9, now, now).seconds, most_seconds);
});

test("a heading sorts up, then down, then not", () => {
  const one = next_sort(null, "name");
  const two = next_sort(one, "name");
  assert.deepEqual([one?.down, two?.down, next_sort(two, "name")], [false, true, null]);
  const jobs = [...lab().jobs.values()].map((job) => job.summary);
  const ids = sorted(jobs, { column: "id", down: true }).map((job) => job.id);
  assert.deepEqual(
    ids,
    [...ids].sort((a, b) => b - a),
  );
});

function bar(from: number, until: number | undefined, more: Partial<TimelineBar> = {}): TimelineBar {
  return {
    gang: { job: 1, gang: from },
    from,
    until,
    phase: until === undefined ? "running" : "ended",
    devices: [{ node: 0, device: 0 }],
    nodes: [0],
    ...more,
  };
}

test("gangs that share a device are drawn beside each other, and only while they do", () => {
  const nodes: NodeView[] = [{ id: 0, node: { name: "a", devices: [gpu] } }];
  const [row] = rows_of(nodes, [bar(0, 10), bar(10, 20), bar(15, 30)], 100, 200);
  assert.deepEqual(
    row!.bars.map((each) => [each.lane, each.lanes]),
    [
      [0, 1],
      [0, 2],
      [1, 2],
    ],
  );
});

test("what runs without a limit goes on to the edge, and a node without devices has a row", () => {
  const nodes: NodeView[] = [{ id: 0, node: { name: "a", devices: [] } }];
  const rows = rows_of(nodes, [bar(0, undefined, { devices: [], nodes: [0] })], 100, 200);
  assert.equal(rows.length, 1);
  assert.equal(rows[0]!.bars[0]!.until, 200);
});

test("lines of the time axis stand at round times", () => {
  const hour = 3600e6;
  assert.deepEqual(
    ticks(0.6 * hour, 4.2 * hour, 8, 0).map((at) => at / hour),
    [1, 1.5, 2, 2.5, 3, 3.5, 4],
  );
});

test("a what-if becomes a command whose words cannot break out", () => {
  assert.equal(
    command({ ...empty_what_if, policies: ["easy", "fgd"], add: "2:gpu-01", power_limit: "1;rm" }),
    "gang simulate --backtest --policy easy,fgd --add 2:gpu-01 --power-limit '1;rm'",
  );
});

async function read_log(
  log: () => string,
  rounds: number,
  window?: number,
): Promise<{ lines: string[]; open: string; reader: LogReader }> {
  const ask = async (query: string) => log_chunk(log(), new URLSearchParams(query)) as LogChunk;
  const reader = window === undefined ? new LogReader(ask) : new LogReader(ask, { last: window });
  const lines: string[] = [];
  let open = "";
  for (let i = 0; i < rounds; ++i) {
    const added = await reader.read();
    lines.push(...added.lines.map(text_of));
    open = text_of(added.open);
  }
  return { lines, open, reader };
}

test("a log is read from its end, and what is added comes once", async () => {
  let log = "one\ntwo\nthr";
  let reads = 0;
  const seen = await read_log(() => (++reads > 3 ? "one\ntwo\nthree\nfour\n" : log), 4);
  assert.deepEqual(seen.lines, ["one", "two", "three", "four"]);
  assert.equal(seen.reader.caught_up(), true);
  const tail = await read_log(() => "x".repeat(100) + "\nlast\n", 1, 6);
  assert.deepEqual(tail.lines.slice(-1), ["last"]);
  assert.equal(tail.reader.from, 100);
});

test("a character cut between two ranges is whole", async () => {
  const bytes = Buffer.from("größer\n");
  let size = 4;
  const reader = new LogReader(async (query) => {
    const from = Number(new URLSearchParams(query).get("from"));
    const part = bytes.subarray(from, size);
    return { bytes: { hex: part.toString("hex") }, from, size };
  });
  await reader.read();
  size = bytes.length;
  assert.deepEqual((await reader.read()).lines.map(text_of), ["größer"]);
});

test("what a log lost is said where it is missing", async () => {
  let call = 0;
  const reader = new LogReader(async () =>
    ++call === 1 ? { bytes: "", from: 0, size: 20 } : { bytes: "end\n", from: 16, size: 20, dropped: 16 },
  );
  const { lines } = await reader.read();
  assert.deepEqual(lines.map(text_of), ["… 16 bytes are not kept …", "end"]);
  assert.equal(reader.dropped, 16);
});

// Ranges of `most` bytes, whatever is asked for.
function search_in(log: () => string, wanted: string, most: number, limit?: number): LogSearch {
  const ask = async (query: string) => {
    const asked = new URLSearchParams(query);
    asked.set("most", String(Math.min(most, Number(asked.get("most")))));
    return log_chunk(log(), asked) as LogChunk;
  };
  return new LogSearch(ask, wanted, limit);
}

async function hits_of(search: LogSearch): Promise<number[]> {
  do await search.step();
  while (!search.done);
  return search.hits;
}

test("a text is found in all of a log, however its ranges cut it, and where its colours do", async () => {
  const log = "größe one\nno\n\u001b[31mG\u001b[1mröße\u001b[0m two\r\nover\rgröße\nlast größe";
  const starts = [0, 14, 47, 60].map((_, i) => {
    const lines = log.split("\n");
    return Buffer.byteLength(lines.slice(0, [0, 2, 3, 4][i]).join("\n") + (i === 0 ? "" : "\n"));
  });
  for (const most of [1, 2, 3, 7, 16, 1000])
    assert.deepEqual(await hits_of(search_in(() => log, "GRÖSSE".replace("SS", "ß"), most)), starts, `by ${most}`);
  assert.deepEqual(await hits_of(search_in(() => log, "nowhere", 5)), []);
  // What a carriage return wrote over is not on the screen either.
  assert.deepEqual(await hits_of(search_in(() => log, "over", 5)), []);
});

test("a search goes on where a log has grown, and finds a line that had no end once", async () => {
  let log = "one hit\ntwo";
  const search = search_in(() => log, "hit", 4);
  assert.deepEqual(await hits_of(search), [0]);
  log += " hit";
  assert.deepEqual(await hits_of(search), [0, 8]);
  log += " and more\nthree\nhit";
  assert.deepEqual(await hits_of(search), [0, 8, 31]);
  assert.equal(search.to, log.length);
});

test("a search has limits of bytes and of lines, and says what it left out", async () => {
  const long = "first hit\n" + "x".repeat(100) + "\nhit\n";
  const end = search_in(() => long, "hit", 1000, 50);
  assert.deepEqual(await hits_of(end), [long.length - 4]);
  assert.equal(end.from, long.length - 50);
  const many = search_in(() => "hit\n".repeat(most_hits + 5), "hit", 1 << 20);
  assert.equal((await hits_of(many)).length, most_hits);
  assert.equal(many.full, true);
});

test("around a place no more is read than its part, and each line knows where it begins", async () => {
  const log = Array.from({ length: 1000 }, (_, i) => `line ${i}\n`).join("");
  const reader = new LogReader(async (query) => log_chunk(log, new URLSearchParams(query)) as LogChunk, {
    from: 100,
    until: 200,
  });
  const added = await reader.read();
  assert.equal(reader.caught_up(), true);
  assert.equal(reader.to, 200);
  added.lines.slice(1).forEach((line, i) => {
    const start = added.starts[i + 1]!;
    assert.equal(log.slice(start, start + text_of(line).length + 1), text_of(line) + "\n");
    assert.equal(log[start - 1], "\n");
  });
  assert.equal(log.slice(added.open_start, 200), text_of(added.open));
});

const wrote = (gang: number, lr: string, numbers: [string, number][]): GangResult => ({
  gang,
  values: [
    ["lr", lr],
    ["how", gang % 2 === 0 ? "sgd" : "adam"],
  ],
  numbers,
});
const three = [
  wrote(1, "0.1", [
    ["accuracy", 0.9],
    ["lr", 0.1],
  ]),
  wrote(4, "1e-3", [
    ["loss", 0.25],
    ["accuracy", 0.9125],
  ]),
  wrote(10, "1", [["loss", 1.5]]),
];

test("results have a column for each sweep value and each number, but none that repeats a value", () => {
  const table = results_table(three);
  assert.deepEqual(
    table.columns.map((column) => [column.name, column.of_sweep, column.numeric]),
    [
      ["lr", true, true],
      ["how", true, false],
      ["accuracy", false, true],
      ["loss", false, true],
    ],
  );
  assert.deepEqual(
    table.rows.map((row) => row.cells.map((cell) => cell.words)),
    [
      ["0.1", "adam", "0.9000", ""],
      ["1e-3", "sgd", "0.9125", "0.25"],
      ["1", "sgd", "", "1.50"],
    ],
  );
  const other = results_table([wrote(0, "0.1", [["lr", 0.2]])]);
  assert.deepEqual(
    other.columns.map((column) => column.id),
    ["value lr", "value how", "number lr"],
  );
  assert.deepEqual(results_table([]), { columns: [], rows: [], left_out: 0 });
  assert.equal(results_table([{}]).rows[0]!.gang, 0);
});

test("of very many numbers those that most gangs wrote are columns", () => {
  const results = Array.from({ length: 40 }, (_, i) =>
    wrote(i, "1", [
      [`own${i}`, i],
      ["accuracy", i / 40],
    ]),
  );
  const table = results_table(results);
  assert.equal(table.columns.length, 2 + 24);
  assert.equal(table.left_out, 17);
  assert.ok(table.columns.some((column) => column.name === "accuracy"));
});

test("results are sorted by any column, the best first, and what is missing comes last", () => {
  const table = results_table(three);
  const [lr, how, accuracy, loss] = table.columns;
  const gangs = (sort: ReturnType<typeof next_result_sort>) => sorted_rows(table, sort).map((row) => row.gang);
  assert.deepEqual(gangs(null), [1, 4, 10]);
  const best = next_result_sort(null, accuracy!);
  assert.deepEqual(gangs(best), [4, 1, 10]);
  const worst = next_result_sort(best, accuracy!);
  assert.deepEqual(gangs(worst), [1, 4, 10]);
  assert.equal(next_result_sort(worst, accuracy!), null);
  assert.deepEqual(gangs(next_result_sort(worst, loss!)), [4, 10, 1]);
  assert.deepEqual(gangs(next_result_sort(null, lr!)), [4, 1, 10]);
  assert.deepEqual(gangs(next_result_sort(null, how!)), [1, 4, 10]);
  assert.deepEqual(gangs({ column: "number gone", down: true }), [1, 4, 10]);
  const backwards = next_result_sort(null, gang_column);
  assert.deepEqual(gangs(backwards), [10, 4, 1]);
  assert.deepEqual(gangs(next_result_sort(backwards, gang_column)), [1, 4, 10]);
});

test("less is better of what is named loss, error or time", () => {
  const costs = ["loss", "val_loss", "test/error", "RMSE", "train.time"];
  const gains = ["accuracy", "closs_up", "reward", "f1", "timely"];
  for (const name of costs) assert.equal(less_is_better(name), true, name);
  for (const name of gains) assert.equal(less_is_better(name), false, name);
});

test("a sweep value is a number only where all of it is one", () => {
  assert.deepEqual(["0.1", "1e-3", "-2", ".5", "007"].map(number_in), [0.1, 1e-3, -2, 0.5, 7]);
  const none = ["", "0x10", "1e999", "nan", "Infinity", "3 layers", "1,5"];
  for (const text of none) assert.equal(number_in(text), null, text);
});

test("numbers of a column have as many decimals as each other, unless that would hide some", () => {
  assert.deepEqual([0.5, 0.9712345, 1].map(number_words([0.5, 0.9712345, 1])), ["0.5000", "0.9712", "1.0000"]);
  assert.deepEqual([1234.5678, 20].map(number_words([1234.5678, 20])), ["1234.6", "20.0"]);
  assert.deepEqual([1e-6, 3.25].map(number_words([1e-6, 3.25])), ["0.000001", "3.25"]);
  assert.deepEqual([3e12, 0].map(number_words([3e12, 0])), ["3000000000000", "0"]);
  assert.deepEqual([100000, 7].map(number_words([100000, 7])), ["100000", "7"]);
});

test("a scale is logarithmic where all values are above 0 and span more than 100 times", () => {
  assert.equal(scale_of([0.001, 1], true).log, true);
  assert.equal(scale_of([0.001, 1], false).log, false);
  assert.equal(scale_of([1, 100], true).log, false);
  assert.equal(scale_of([0, 1000], true).log, false);
  assert.equal(scale_of([-1, 1000], true).log, false);
  const scale = scale_of([1e-4, 1], true);
  assert.ok(Math.abs(part_of(scale, 1e-2) - 0.5) < 1e-9);
  assert.ok(part_of(scale, 1e-4) > 0 && part_of(scale, 1) < 1);
  const flat = scale_of([5, 5], true);
  assert.equal(part_of(flat, 5), 0.5);
  assert.equal(part_of(scale_of([0], true), 0), 0.5);
});

test("few values are marked themselves, many by round ones, and none stands on another", () => {
  const few = [0.001, 0.01, 0.1, 1];
  assert.deepEqual(marks_of(scale_of(few, true), few, 400, 46), few);
  assert.deepEqual(marks_of(scale_of(few, true), few, 150, 46), [0.001, 0.1]);
  assert.deepEqual(marks_of(scale_of([1, 2, 32], true), [1, 2, 32, 32], 300, 46), [1, 32]);
  const many = Array.from({ length: 50 }, (_, i) => i * 2);
  assert.deepEqual(marks_of(scale_of(many, true), many, 300, 46), [0, 20, 40, 60, 80, 100]);
  const wide = Array.from({ length: 50 }, (_, i) => 1.5 ** (i - 20));
  assert.deepEqual(marks_of(scale_of(wide, true), wide, 2000, 46).slice(0, 3), [0.001, 0.01, 0.1]);
  assert.ok(round_steps({ log: false, low: 0, high: 1e-9 }, 5).length <= 6);
});

test("points go from left to right, are walked by keys, and the nearest is found", () => {
  const table = results_table(three);
  assert.deepEqual(points_of(table, "value lr", "number accuracy"), [
    { gang: 4, x: 0.001, y: 0.9125 },
    { gang: 1, x: 0.1, y: 0.9 },
  ]);
  assert.deepEqual(points_of(table, "value how", "number accuracy"), []);
  assert.deepEqual(
    across_choices(table).map((column) => column.name),
    ["lr"],
  );
  assert.equal(point_after(2, null, "ArrowRight"), 0);
  assert.equal(point_after(2, 1, "ArrowRight"), 1);
  assert.equal(point_after(2, 1, "Home"), 0);
  assert.equal(point_after(2, 0, "x"), null);
  assert.equal(point_after(0, null, "End"), null);
  const places: [number, number][] = [
    [0, 0],
    [10, 0],
  ];
  assert.equal(nearest(places, 7, 2, 14), 1);
  assert.equal(nearest(places, 40, 0, 14), null);
});
