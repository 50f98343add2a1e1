// A task's log, followed while it grows.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count, many, size } from "../base/format";
import type { LogChunk } from "../base/model";
import { Refusal } from "../live/api";
import { useSession } from "../live/hooks";
import { LogLines } from "./log_lines";
import { LogReader, most_bytes, window_bytes } from "./log_reader";

interface Props {
  path: string;
  grows: boolean;
  children: ComponentChildren;
}

const pause = 1000;
/** A scroll position this near to the end counts as the end. */
const near_end = 24;

export function LogView(props: Props) {
  const [window_size, set_window] = useState(window_bytes);
  const [follow, set_follow] = useState(true);
  const [wrap, set_wrap] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const log = useLog(props.path, props.grows, window_size, place, follow);
  const scrolled = () => {
    const element = place.current;
    if (element !== null) set_follow(element.scrollHeight - element.scrollTop - element.clientHeight < near_end);
  };
  return (
    <section class="log-view" aria-label="Log">
      <div class="tools log-tools">
        {props.children}
        <Search lines={log.lines} version={log.version} found={() => set_follow(false)} />
        <span class="grow" />
        <label class="check">
          <input type="checkbox" checked={wrap} onChange={(event) => set_wrap(event.currentTarget.checked)} />
          Wrap
        </label>
        {props.grows && (
          <label class="check">
            <input
              type="checkbox"
              checked={follow}
              onChange={(event) => {
                set_follow(event.currentTarget.checked);
                const element = place.current;
                if (event.currentTarget.checked && element !== null) element.scrollTop = element.scrollHeight;
              }}
            />
            Follow
          </label>
        )}
      </div>
      <Before
        log={log}
        more={
          window_size < most_bytes
            ? () => {
                set_follow(false);
                set_window(Math.min(window_size * 4, most_bytes));
              }
            : undefined
        }
      />
      <div
        ref={place}
        class={`log${wrap ? " wrap" : ""}${props.grows ? "" : " whole"}`}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Lines of the log"
        onScroll={scrolled}
      />
      {log.trouble !== "" && <p class="bad-text">{log.trouble}</p>}
      <p class="log-foot muted">
        {log.empty ? (props.grows ? "It has written nothing yet." : "It wrote nothing.") : size(log.size)}
        {log.lost > 0 && `, the first ${many(log.lost, "line")} of it not shown`}
        {log.dropped > 0 && `, ${size(log.dropped)} not kept`}
      </p>
    </section>
  );
}

// What lies before the part that is shown.
function Before(props: { log: LogSeen; more?: () => void }) {
  const { log, more } = props;
  if (log.from === 0) return null;
  if (!more) return <p class="log-more muted">{size(log.from)} lie before this; gang logs prints all.</p>;
  return (
    <p class="log-more">
      <button onClick={more}>Show more</button>{" "}
      <span class="muted">
        {size(log.from)} of {size(log.size)} lie before this
      </span>
    </p>
  );
}

interface LogSeen {
  lines: LogLines | null;
  version: number;
  from: number;
  size: number;
  dropped: number;
  lost: number;
  empty: boolean;
  trouble: string;
}
const nothing: LogSeen = { lines: null, version: 0, from: 0, size: 0, dropped: 0, lost: 0, empty: false, trouble: "" };

// Reads the log into `place` until the view goes; slower while the page is hidden or the service away.
function useLog(
  path: string,
  grows: boolean,
  window_size: number,
  place: { current: HTMLDivElement | null },
  follow: boolean,
): LogSeen {
  const { live } = useSession();
  const [seen, set_seen] = useState<LogSeen>(nothing);
  const growing = useRef(grows);
  const following = useRef(follow);
  growing.current = grows;
  following.current = follow;
  const wake = useRef<() => void>(() => {});
  useEffect(() => wake.current(), [grows]);
  useEffect(() => {
    let over = false;
    const lines = new LogLines(place.current!);
    const reader = new LogReader((query) => live.api.get<LogChunk>(path + query), window_size);
    const step = async () => {
      let trouble = "";
      let well = true;
      const size_before = reader.size;
      try {
        const added = await reader.read();
        // It leaves the page before its effects are told that it is over.
        const element = place.current;
        if (over || element === null) return false;
        lines.add(added);
        if (following.current) element.scrollTop = element.scrollHeight;
      } catch (refusal) {
        well = false;
        trouble = refusal instanceof Refusal && refusal.status !== 0 ? refusal.what : "";
      }
      if (over) return false;
      if (reader.size !== size_before || trouble !== "" || !growing.current)
        set_seen((before) => ({
          lines,
          trouble,
          version: before.version + 1,
          from: reader.from,
          size: reader.size,
          dropped: reader.dropped,
          lost: lines.lost,
          empty: lines.empty,
        }));
      return well;
    };
    void follow_log(step, reader, () => over, growing, wake);
    return () => {
      over = true;
      wake.current();
    };
  }, [path, window_size]);
  return seen;
}

async function follow_log(
  step: () => Promise<boolean>,
  reader: LogReader,
  over: () => boolean,
  growing: { current: boolean },
  wake: { current: () => void },
) {
  let last_look = false;
  while (!over()) {
    const well = !document.hidden && (await step());
    if (over()) return;
    if (well && !reader.caught_up()) continue;
    // What was written between the last look and the end of the gang is read once more.
    if (well && !growing.current && last_look) {
      await new Promise<void>((done) => (wake.current = done));
      last_look = false;
    } else {
      last_look = well && !growing.current;
      await new Promise<void>((done) => {
        const timer = setTimeout(done, pause);
        wake.current = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  }
}

function Search(props: { lines: LogLines | null; version: number; found: () => void }) {
  const [text, set_text] = useState("");
  const [at, set_at] = useState(0);
  const { lines } = props;
  const hits = text === "" || !lines ? [] : lines.find(text);
  const shown = Math.min(at, Math.max(0, hits.length - 1));
  const go = (to: number, among: number[]) => {
    if (!lines) return;
    const next = among.length === 0 ? 0 : (to + among.length) % among.length;
    set_at(next);
    props.found();
    lines.mark(among[next] ?? null);
  };
  const typed = (value: string) => {
    set_text(value);
    go(0, value === "" || !lines ? [] : lines.find(value));
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    go(shown + (event.shiftKey ? -1 : 1), hits);
  };
  return (
    <span class="log-search">
      <input
        type="search"
        placeholder="Search"
        aria-label="Search in the log"
        value={text}
        onInput={(event) => typed(event.currentTarget.value)}
        onKeyDown={press}
      />
      <span class="muted" role="status">
        {text === "" ? "" : hits.length === 0 ? "not there" : `${count(shown + 1)} of ${count(hits.length)}`}
      </span>
      {hits.length > 1 && (
        <>
          <button class="quiet" aria-label="The one before" onClick={() => go(shown - 1, hits)}>
            ↑
          </button>
          <button class="quiet" aria-label="The next one" onClick={() => go(shown + 1, hits)}>
            ↓
          </button>
        </>
      )}
    </span>
  );
}
