import assert from "node:assert/strict";
import { test } from "node:test";
import { AnsiReader, longest_line, type Line } from "../src/base/ansi";

function read(...parts: string[]): Line[] {
  const reader = new AnsiReader();
  const lines = parts.flatMap((part) => reader.read(part));
  return [...lines, reader.open_line()];
}

function text(lines: Line[]): string {
  return lines.map((line) => line.map((piece) => piece.text).join("")).join("\n");
}

test("colours and weight become styles", () => {
  assert.deepEqual(read("\u001b[1;31mred\u001b[0m plain\n"), [
    [
      { text: "red", style: "fg1 bold" },
      { text: " plain", style: "" },
    ],
    [],
  ]);
  assert.deepEqual(read("\u001b[38;5;9mx"), [[{ text: "x", style: "fg9" }]]);
  assert.deepEqual(read("\u001b[38;2;255;0;0mx"), [[{ text: "x", style: "fg9" }]]);
  assert.deepEqual(read("\u001b[97;44mx\u001b[39;49my"), [
    [
      { text: "x", style: "fg15 bg4" },
      { text: "y", style: "" },
    ],
  ]);
});

test("a style goes on over the end of a line", () => {
  assert.deepEqual(read("\u001b[32ma\nb"), [[{ text: "a", style: "fg2" }], [{ text: "b", style: "fg2" }]]);
});

test("a text cut anywhere reads the same", () => {
  const whole = "a\u001b[1;32mgreen\u001b[0m\r\nb\u001b[38;5;200mc\u001b[Kd\n\u001b]0;title\u0007e\u001b[9999999999mf";
  const expected = text(read(whole));
  for (let cut = 0; cut <= whole.length; ++cut)
    assert.equal(text(read(whole.slice(0, cut), whole.slice(cut))), expected, `cut at ${cut}`);
  assert.equal(text(read(...whole)), expected);
});

test("a progress bar shows its last state", () => {
  assert.equal(text(read("10%\r20%\r100%\ndone")), "100%\ndone");
  assert.equal(text(read("line\r\nnext")), "line\nnext");
});

test("behind a carriage return new text stands over the old, as far as it goes", () => {
  assert.equal(
    text(read("red \u001b[31mX\u001b[0m bell\u0007 cr\rover \u001b[2Jclear")),
    "over clear␇ cr",
  );
  assert.deepEqual(read("\u001b[31mabc\u001b[32mdef\u001b[0m\rxy")[0], [
    { text: "xy", style: "" },
    { text: "c", style: "fg1" },
    { text: "def", style: "fg2" },
  ]);
  assert.equal(text(read("a😀b\rxy")), "xyb");
  assert.equal(text(read("lost\r")), "lost");
});

test("what a program erases of its line is gone", () => {
  assert.equal(text(read("downloading\r\u001b[Kdone")), "done");
  assert.equal(text(read("downloading\u001b[2K\rdone")), "done       ");
  assert.equal(text(read("downloading\rdone\u001b[0K\nnext")), "done\nnext");
});

test("a line that is written over many times is read in time that grows with what was written", () => {
  const styled = Array.from({ length: 9_000 }, (_, i) => `\u001b[3${i % 8}mx`).join("");
  const begun = performance.now();
  assert.equal(text(read(styled + "\r.".repeat(200_000))).length, 9_000);
  assert.ok(performance.now() - begun < 5_000);
});

test("other sequences of a terminal do nothing", () => {
  assert.equal(text(read("a\u001b[2J\u001b[10;10Hb\u001b[?25lc")), "abc");
});

test("broken sequences and control characters are shown", () => {
  assert.equal(text(read("\u001bZ\u0000\u0008x")), "␛Z␀␈x");
  assert.equal(text(read("\u001b]8;;javascript:alert(1)\u0007link")), "␛]8;;javascript:alert(1)␇link");
});

test("HTML stays text", () => {
  const line = read("<img src=x onerror=alert(1)>")[0]!;
  assert.equal(line[0]!.text, "<img src=x onerror=alert(1)>");
});

test("a sequence without an end holds nothing up", () => {
  assert.equal(text(read("\u001b[" + "1;".repeat(200) + "x")).startsWith("␛["), true);
});

test("a line without an end is broken", () => {
  const lines = read("x".repeat(longest_line * 2 + 5));
  assert.equal(lines.length, 3);
  assert.equal(text(lines).replace(/\n/g, "").length, longest_line * 2 + 5);
});

test("styles are words of ours whatever stands in the text", () => {
  let seed = 7;
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  const alphabet = ["\u001b", "[", "m", ";", "3", "8", "5", "2", "9", "\n", "\r", "a", "<", ":", "?"];
  for (let round = 0; round < 500; ++round) {
    const parts = Array.from({ length: 5 }, () =>
      Array.from({ length: random(30) }, () => alphabet[random(alphabet.length)]).join(""),
    );
    for (const line of read(...parts))
      for (const piece of line) {
        assert.match(
          piece.style,
          /^((fg|bg)\d{1,2}|bold|dim|italic|underline|inverse|struck)?( ((fg|bg)\d{1,2}|bold|dim|italic|underline|inverse|struck))*$/,
        );
        assert.doesNotMatch(piece.text, /[\u0000-\u0008\u000b-\u001f]/);
      }
  }
});
