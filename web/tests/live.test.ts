import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, Refusal, refusal_of } from "../src/live/api";
import { all_of, Freshness, shortest_pause } from "../src/live/fresh";
import { gang_rule, job_rule } from "../src/live/rules";
import { EventReader, longest_event } from "../src/live/sse";
import { EventStream, pause_after, type Link } from "../src/live/stream";
import type { FeedEntry } from "../src/base/model";

const stream_text =
  ': hello\n\nid: s-1\nevent: started\ndata: {"job":7}\n\nid: s-2\nevent: ended\ndata: {"job":\ndata: 7}\n\n: \n\nevent: gone\ndata: {}\n\n';

test("events are read from a stream that is cut anywhere", () => {
  const expected = new EventReader().read(stream_text);
  assert.deepEqual(
    expected.map((event) => [event.id, event.kind, event.text]),
    [
      ["s-1", "started", '{"job":7}'],
      ["s-2", "ended", '{"job":\n7}'],
      ["s-2", "gone", "{}"],
    ],
  );
  for (const text of [stream_text, stream_text.replace(/\n/g, "\r\n"), stream_text.replace(/\n/g, "\r")])
    for (let cut = 0; cut <= text.length; ++cut) {
      const reader = new EventReader();
      const events = [...reader.read(text.slice(0, cut)), ...reader.read(text.slice(cut)), ...reader.read("x")];
      assert.deepEqual(events, expected, `cut at ${cut}`);
    }
});

test("an event without an end is refused before it fills the memory", () => {
  const reader = new EventReader();
  assert.throws(() => {
    for (let i = 0; i < 3; ++i) reader.read("data: " + "x".repeat(longest_event / 2) + "\n");
  });
});

test("something is asked for at once, and then not before a pause has passed", () => {
  const fresh = new Freshness({ on: () => true });
  assert.equal(fresh.due(0), true);
  fresh.asked(0);
  assert.equal(fresh.due(10), false);
  fresh.answered(20, "well");
  assert.equal(fresh.due(5000), false);
  fresh.mark({ kind: "ended" });
  assert.equal(fresh.due(shortest_pause - 1), false);
  assert.equal(fresh.due(shortest_pause), true);
});

test("what is marked while it is asked for is asked for again", () => {
  const fresh = new Freshness({ on: () => true });
  fresh.asked(0);
  fresh.mark({ kind: "ended" });
  fresh.answered(50, "well");
  assert.equal(fresh.due(1000), true);
});

test("a thousand events a second cost little more than one question a second", () => {
  const fresh = new Freshness({ on: () => true });
  let asked = 0;
  for (let now = 0; now < 10_000; ++now) {
    fresh.mark({ kind: "ended" });
    if (!fresh.due(now)) continue;
    ++asked;
    fresh.asked(now);
    fresh.answered(now, "well");
  }
  assert.equal(asked, Math.ceil(10_000 / shortest_pause));
});

test("a service that is slow to answer is asked less often", () => {
  const fresh = new Freshness({ every: 1000 });
  fresh.asked(0);
  fresh.answered(2000, "well");
  assert.equal(fresh.due(7000), false);
  assert.equal(fresh.due(8000), true);
});

test("after failures it waits longer each time, and comes back by itself", () => {
  const fresh = new Freshness({});
  for (const now of [0, 1, 3, 7].map((n) => n * shortest_pause)) {
    assert.equal(fresh.due(now), true, `at ${now}`);
    fresh.asked(now);
    fresh.answered(now, "badly");
    assert.equal(fresh.due(now + 500), false);
  }
});

test("what does not exist is asked for again only when something happens", () => {
  const fresh = new Freshness({ every: 1000, on: () => true });
  fresh.asked(0);
  fresh.answered(0, "final");
  assert.equal(fresh.due(60_000), false);
  fresh.mark({ kind: "submitted" });
  assert.equal(fresh.due(60_000), true);
});

test("a thing is as fresh as the strictest of those who watch it wants", () => {
  const watchers = [{ every: 30_000 }];
  const fresh = new Freshness(all_of(() => watchers));
  fresh.asked(0);
  fresh.answered(0, "well");
  assert.equal(fresh.due(2000), false);
  watchers.push({ every: 1000 });
  assert.equal(fresh.due(2000), true);
});

test("a gang is stale by events about it alone", () => {
  const rule = gang_rule(7, 12);
  assert.equal(rule.on!({ kind: "ended", job: 7, gang: 12 }), true);
  assert.equal(rule.on!({ kind: "starting", job: 7, gang: 10, count: 5 }), true);
  assert.equal(rule.on!({ kind: "starting", job: 7, gang: 10, count: 2 }), false);
  assert.equal(rule.on!({ kind: "ended", job: 8, gang: 12 }), false);
  assert.equal(rule.on!({ kind: "stopping", job: 7 }), true);
  assert.equal(job_rule(7).on!({ kind: "ended", job: 8 }), false);
});

test("an answer that is no good is told by its sentence, or by its status where it has none", () => {
  const said = refusal_of(409, '{"kind":"refused","what":"no such queue","hint":"see the settings"}');
  assert.deepEqual([said.what, said.hint], ["no such queue", "see the settings"]);
  assert.equal(refusal_of(502, "<html>Bad gateway</html>").what, "the service answered 502");
  assert.equal(refusal_of(400, '{"mistakes":[{"what":"unknown key","line":3}]}').mistakes[0]!.line, 3);
});

test("the token goes in a header and never in an address", async () => {
  const asked: { url: string; header: string | undefined }[] = [];
  const api = new Api((async (url: string, init: RequestInit) => {
    asked.push({ url, header: (init.headers as Record<string, string>).Authorization });
    return new Response("[]");
  }) as typeof fetch);
  api.token = "secret";
  await api.get("/v1/nodes");
  await api.events(undefined, new AbortController().signal);
  for (const each of asked) {
    assert.equal(each.header, "Bearer secret");
    assert.doesNotMatch(each.url, /secret/);
  }
});

test("a token that is no longer valid is told once it is refused", async () => {
  let denied = 0;
  const api = new Api((async () => new Response("{}", { status: 401 })) as typeof fetch);
  api.on_denied = () => ++denied;
  await assert.rejects(api.get("/v1/nodes"), Refusal);
  assert.equal(denied, 1);
});

test("where a stream begins is known before the first event", async () => {
  const seen = await followed([": hello\n\nid: s-9\n\n", ": nothing\n\n"]);
  assert.deepEqual(seen.asked, [undefined, "s-9"]);
  assert.deepEqual(seen.entries, []);
});

// A service that ends the stream after each of these texts.
class ShortStreams {
  asked: (string | undefined)[] = [];
  constructor(private texts: (string | null)[]) {}
  events = async (last: string | undefined): Promise<Response> => {
    this.asked.push(last);
    const text = this.texts.shift();
    if (text === undefined || text === null) throw new Error("no connection");
    return new Response(text);
  };
}

async function followed(texts: (string | null)[]) {
  const api = new ShortStreams(texts);
  const entries: FeedEntry[] = [];
  const links: Link["state"][] = [];
  let resets = 0;
  const wanted = texts.length;
  await new Promise<void>((done) => {
    const stream: EventStream = new EventStream(api, {
      entry: (entry) => entries.push(entry),
      reset: () => ++resets,
      link: (link) => {
        links.push(link.state);
        if (link.state !== "lost") return;
        if (api.asked.length < wanted) setImmediate(() => stream.hurry());
        else {
          stream.stop();
          done();
        }
      },
    });
    void stream.run();
  });
  return { asked: api.asked, entries, links, resets };
}

test("a stream that a token no longer opens is told", async () => {
  let denied = 0;
  const api = new Api((async () => new Response("{}", { status: 401 })) as typeof fetch);
  api.on_denied = () => ++denied;
  await api.events(undefined, new AbortController().signal);
  assert.equal(denied, 1);
});

test("a stream that breaks goes on where it was", async () => {
  const seen = await followed([
    'id: s-4\nevent: started\ndata: {"job":1}\n\n',
    null,
    'id: s-5\nevent: ended\ndata: {"job":1}\n\n',
  ]);
  assert.deepEqual(seen.asked, [undefined, "s-4", "s-4"]);
  assert.deepEqual(
    seen.entries.map((entry) => entry.kind),
    ["started", "ended"],
  );
  assert.equal(seen.resets, 1);
  assert.deepEqual(seen.links, ["live", "lost", "lost", "live", "lost"]);
});

test("after a reset everything is asked for again", async () => {
  const seen = await followed(["id: t-1\nevent: reset\ndata: {}\n\n"]);
  assert.equal(seen.resets, 2);
  assert.deepEqual(seen.entries, []);
});

test("a service behind the gateway that goes and comes back is told, and seen anew", async () => {
  const seen = await followed(["event: gone\ndata: {}\n\nevent: back\ndata: {}\n\n"]);
  assert.deepEqual(seen.links, ["live", "gone", "live", "lost"]);
  assert.equal(seen.resets, 2);
});

test("an entry that is no JSON still marks what is stale", async () => {
  const seen = await followed(["event: ended\ndata: {broken\n\n"]);
  assert.deepEqual(seen.entries, [{ kind: "ended" }]);
});

test("pauses double up to a quarter of a minute", () => {
  assert.deepEqual([1, 2, 3, 9].map(pause_after), [500, 1000, 2000, 15_000]);
});
