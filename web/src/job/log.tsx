// A task's log, followed while it grows, and searched.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { many, size } from "../base/format";
import { FindBox, FindState, state_words, useFinding } from "./log_find";
import { useLog, type LogSeen } from "./log_follow";
import { most_bytes, part_around, window_bytes, type Part } from "./log_reader";
import { first_at } from "./log_lines";

interface Props {
  path: string;
  grows: boolean;
  children: ComponentChildren;
}

/** A scroll position this near to the end counts as the end. */
const near_end = 24;

export function LogView(props: Props) {
  const [part, set_part] = useState<Part>({ last: window_bytes });
  const [follow, set_follow] = useState(true);
  const [wrap, set_wrap] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const at_end = "last" in part;
  const log = useLog(props.path, props.grows, part, place, follow && at_end);
  const find = useFind(props.path, log, part, (next) => {
    set_follow(false);
    if (next) set_part(next);
  });
  const scrolled = () => {
    const element = place.current;
    if (element !== null) set_follow(element.scrollHeight - element.scrollTop - element.clientHeight < near_end);
  };
  const to_end = () => {
    set_follow(true);
    set_part({ last: window_bytes });
    const element = place.current;
    if (element !== null) element.scrollTop = element.scrollHeight;
  };
  const press = (event: KeyboardEvent) => {
    if (find_by_key(event, find)) event.preventDefault();
  };
  return (
    <section class="log-view" aria-label="Log">
      <div class="tools log-tools">
        {props.children}
        <FindBox {...find} />
        <span class="grow" />
        <Check words="Wrap" on={wrap} set={set_wrap} />
        {props.grows && (
          <Check words="Follow" on={follow && at_end} set={(on) => (on ? to_end() : set_follow(false))} />
        )}
      </div>
      <FindState finding={find.finding} stop={find.stop} go_on={find.go_on} />
      <Before
        log={log}
        more={(bytes) => {
          set_follow(false);
          set_part("last" in part ? { last: bytes } : { from: log.to - bytes, until: part.until });
        }}
      />
      <div
        ref={place}
        class={`log${wrap ? " wrap" : ""}${props.grows ? "" : " whole"}`}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Lines of the log"
        aria-keyshortcuts="/ n N"
        onScroll={scrolled}
        onKeyDown={press}
      />
      {log.size > log.to && !at_end && same(log.part, part) && <After log={log} to_end={to_end} />}
      <p class="unseen" role="status">
        {find.told}
      </p>
      {log.trouble !== "" && <p class="bad-text">{log.trouble}</p>}
      <p class="log-foot muted">
        {log.empty ? (props.grows ? "It has written nothing yet." : "It wrote nothing.") : size(log.size)}
        {log.lost > 0 && `, the first ${many(log.lost, "line")} of this part not shown`}
        {log.dropped > 0 && `, ${size(log.dropped)} not kept`}
      </p>
    </section>
  );
}

function Check(props: { words: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={props.on} onChange={(event) => props.set(event.currentTarget.checked)} />
      {props.words}
    </label>
  );
}

// Keys of the log alone, so that they are in nobody's way elsewhere.
function find_by_key(event: KeyboardEvent, find: ReturnType<typeof useFind>): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey) return false;
  if (event.key === "/") find.input.current?.focus();
  else if (event.key === "n") find.step(1);
  else if (event.key === "N") find.step(-1);
  else return false;
  return true;
}

function After(props: { log: LogSeen; to_end: () => void }) {
  return (
    <p class="log-more">
      <button onClick={props.to_end}>To its end</button>{" "}
      <span class="muted">{size(props.log.size - props.log.to)} come after this</span>
    </p>
  );
}

// What lies before the part that is shown.
function Before(props: { log: LogSeen; more: (bytes: number) => void }) {
  const { log, more } = props;
  if (log.from === 0) return null;
  const shown = log.to - log.from;
  const next = Math.min(Math.max(shown, window_bytes) * 4, most_bytes);
  if (shown >= next) return <p class="log-more muted">{size(log.from)} lie before this; gang logs prints all.</p>;
  return (
    <p class="log-more">
      <button onClick={() => more(next)}>Show more</button>{" "}
      <span class="muted">
        {size(log.from)} of {size(log.size)} lie before this
      </span>
    </p>
  );
}

// The search, and which of the lines found is marked. What is not in the page is read when it is gone to.
function useFind(path: string, log: LogSeen, part: Part, found: (next?: Part) => void) {
  const input = useRef<HTMLInputElement>(null);
  const [text, set_text] = useState("");
  const [told, set_told] = useState("");
  /** Where the marked line begins. */
  const [marked, set_marked] = useState<number | null>(null);
  const pending = useRef<number | null>(null);
  const { finding, stop, go_on } = useFinding(path, text, log.size);
  const { hits } = finding;
  const show = (start: number) => {
    set_marked(start);
    const here = same(log.part, part) && start >= log.from && start < log.to;
    if (here && log.lines?.mark(start, text)) {
      pending.current = null;
      set_told(log.lines.marked_text.slice(0, most_told));
      found();
      return;
    }
    if (pending.current === start) return;
    pending.current = start;
    found(part_around(start));
  };
  const at = marked === null ? -1 : first_at(hits, marked);
  const step = (by: number) => {
    if (hits.length > 0) show(hits[(Math.max(0, at) + by + hits.length) % hits.length]!);
  };
  useEffect(() => {
    pending.current = null;
    set_marked(null);
    set_told("");
    log.lines?.unmark();
  }, [text]);
  // The first line is gone to as soon as it is known.
  useEffect(() => {
    if (marked === null && hits.length > 0 && finding.wanted === text) show(hits[0]!);
  }, [finding.version]);
  useEffect(() => {
    if (pending.current !== null) show(pending.current);
  }, [log.version]);
  // Once, and not again with each line that a log grows by.
  useEffect(() => {
    if (finding.state !== "idle" && finding.state !== "going" && hits.length === 0) set_told(state_words(finding));
  }, [finding.state]);
  return { input, text, set_text, told, finding, stop, go_on, at, step };
}

const same = (one: Part | null, other: Part) => JSON.stringify(one) === JSON.stringify(other);

/** Of a line that was gone to, so much is read out. */
const most_told = 300;
