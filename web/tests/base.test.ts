import assert from "node:assert/strict";
import { test } from "node:test";
import { cpus_in, energy, model, power, relative, size, span, unknown } from "../src/base/format";
import { address, parse_route, take_token } from "../src/base/route";
import { steady } from "../src/base/steady";
import { bytes_of, plain, short } from "../src/base/text";

test("what is not known is a dash and never 0", () => {
  for (const words of [size, power, energy, span]) {
    assert.equal(words(undefined), unknown);
    assert.equal(words(null), unknown);
    assert.notEqual(words(0), unknown);
  }
});

test("sizes are powers of 1024 with three digits at most", () => {
  assert.equal(size(0), "0B");
  assert.equal(size(1023), "1023B");
  assert.equal(size(85_520_809_984), "79.6G");
  assert.equal(size(80 * 1024 ** 3), "80G");
  assert.equal(size(999 * 1024), "999K");
  assert.equal(size(1024 ** 5 * 5000), "5000P");
});

test("times are told by their two largest parts", () => {
  assert.equal(span(340_000), "340ms");
  assert.equal(span(59e6), "59s");
  assert.equal(span(125e6), "2m 5s");
  assert.equal(span(2 * 3600e6), "2h");
  assert.equal(span(49 * 3600e6), "2d 1h");
  assert.equal(relative(1_000_000_000, 0), "in 16m 40s");
  assert.equal(relative(0, 5e6), "5s ago");
});

test("power and energy change their unit where numbers get long", () => {
  assert.equal(power(412.3), "412 W");
  assert.equal(power(5507), "5,507 W");
  assert.equal(power(412_000), "412 kW");
  assert.equal(energy(114 * 3600), "114 Wh");
  assert.equal(energy(3_600_000 * 2.5), "2.5 kWh");
});

test("CPUs of a set are counted, and nonsense counts nothing", () => {
  assert.equal(cpus_in("0-3,8"), 5);
  assert.equal(cpus_in(""), 0);
  assert.equal(cpus_in("x-y,3-1"), 0);
});

test("models are named as people say them", () => {
  assert.equal(model("NVIDIA H100 80GB HBM3"), "H100 80GB");
  assert.equal(model("NVIDIA A100-SXM4-40GB"), "A100 40GB");
  assert.equal(model("AMD Instinct MI250X"), "MI250X");
  assert.equal(model(undefined), unknown);
});

test("each address has a view, and each view its address", () => {
  for (const there of [
    "#/cluster",
    "#/cluster/3/7",
    "#/jobs/waiting",
    "#/jobs/new",
    "#/job/7",
    "#/job/7/3",
    "#/time",
    "#/what-if",
  ])
    assert.equal(address(parse_route(there)), there);
  assert.deepEqual(parse_route("#/job/<script>"), { view: "jobs", phase: "running" });
  assert.deepEqual(parse_route("#/no/such"), { view: "cluster", node: undefined, device: undefined });
  assert.deepEqual(parse_route(""), { view: "cluster", node: undefined, device: undefined });
});

test("a token is taken out of the address", () => {
  assert.deepEqual(take_token("#token=abc%2B1"), { token: "abc+1", rest: "" });
  assert.deepEqual(take_token("#/job/7"), { rest: "#/job/7" });
});

test("a token that is no good escape is taken as it stands", () => {
  assert.equal(take_token("#token=a%zz").token, "a%zz");
});

test("control characters and turned text are shown as signs", () => {
  assert.equal(plain("a\u0007b"), "a␇b");
  assert.equal(plain("evil\u202etxt.exe"), "evil‹U+202E›txt.exe");
  assert.equal(plain("<b>&amp;</b>"), "<b>&amp;</b>");
  assert.equal(plain(undefined), "");
});

test("text that is no UTF-8 comes as bytes", () => {
  assert.deepEqual([...bytes_of({ hex: "ff41" })], [255, 65]);
  assert.equal(plain({ hex: "ff41" }), "\ufffdA");
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  assert.deepEqual(Buffer.from(bytes_of({ hex: all.toString("hex") })), all);
  assert.deepEqual(Buffer.from(bytes_of({ hex: all.toString("hex").toUpperCase() })), all);
});

test("a long text is cut on one line", () => {
  assert.equal(short("a\n\n b".padEnd(200, "c"), 10), "a bcccccc…");
});

test("rows stay in their places while one is pointed at, with their newest values", () => {
  const shown = [
    { id: 1, n: "a" },
    { id: 2, n: "b" },
  ];
  const next = [
    { id: 3, n: "c" },
    { id: 2, n: "B" },
  ];
  const held = steady(shown, next, (row) => row.id, true);
  assert.deepEqual(held.rows, [
    { id: 1, n: "a" },
    { id: 2, n: "B" },
  ]);
  assert.equal(held.held_back, 2);
  assert.deepEqual(steady(shown, next, (row) => row.id, false).rows, next);
});
