// The search in a log: in all of it, with how far it is, from one line that holds the text to the next.
import { useEffect, useRef, useState } from "preact/hooks";
import { count, size } from "../base/format";
import type { LogChunk } from "../base/model";
import { Refusal } from "../live/api";
import { useSession } from "../live/hooks";
import { LogSearch, most_hits } from "./log_search";

const typing_pause = 250;
/** How far it is, is told no more often than that. */
const telling_pause = 200;

export interface Finding {
  /** Empty: nothing is looked for. */
  wanted: string;
  hits: number[];
  version: number;
  from: number;
  to: number;
  size: number;
  state: "idle" | "going" | "done" | "stopped" | "full";
  trouble: string;
}
const idle: Finding = { wanted: "", hits: [], version: 0, from: 0, to: 0, size: 0, state: "idle", trouble: "" };

/** Looks for `wanted` in the log at `path`, and in what is added to it as it grows to `length`. */
export function useFinding(path: string, wanted: string, length: number) {
  const { live } = useSession();
  const [finding, set] = useState<Finding>(idle);
  const stopped = useRef(false);
  const search = useRef<LogSearch | null>(null);
  const going = useRef(false);
  const run = async (of: LogSearch) => {
    if (going.current && search.current === of) return;
    going.current = true;
    let told_at = 0;
    let trouble = "";
    const tell = (state: Finding["state"]) => {
      told_at = Date.now();
      const { hits, from, to, size } = of;
      set((before) => ({ wanted, hits, version: before.version + 1, from, to, size, state, trouble }));
    };
    while (search.current === of && !stopped.current && trouble === "") {
      try {
        await of.step();
      } catch (refusal) {
        trouble = refusal instanceof Refusal ? refusal.what : "the answer makes no sense";
      }
      if (search.current !== of) return;
      if (of.done) break;
      if (Date.now() - told_at >= telling_pause) tell("going");
    }
    if (search.current !== of) return;
    going.current = false;
    tell(of.full ? "full" : of.done && trouble === "" ? "done" : "stopped");
  };
  useEffect(() => {
    stopped.current = false;
    going.current = false;
    search.current = null;
    set(idle);
    if (wanted === "") return undefined;
    const timer = setTimeout(() => {
      const fresh = new LogSearch((query) => live.api.get<LogChunk>(path + query), wanted);
      search.current = fresh;
      void run(fresh);
    }, typing_pause);
    return () => {
      clearTimeout(timer);
      search.current = null;
    };
  }, [path, wanted]);
  useEffect(() => {
    const now = search.current;
    if (now && !stopped.current && !now.full && length > now.size) void run(now);
  }, [length]);
  const stop = () => {
    stopped.current = true;
  };
  const go_on = () => {
    stopped.current = false;
    if (search.current) void run(search.current);
  };
  return { finding, stop, go_on };
}

interface BoxProps {
  input: { current: HTMLInputElement | null };
  text: string;
  set_text: (text: string) => void;
  finding: Finding;
  /** Which of the hits is marked; -1: none is yet. */
  at: number;
  step: (by: number) => void;
}

/** The field with the lines found, and the way from one to the next. */
export function FindBox(props: BoxProps) {
  const { finding, at } = props;
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") props.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && props.text !== "") props.set_text("");
    else return;
    event.preventDefault();
  };
  const found = finding.hits.length;
  return (
    <span class="log-search">
      <input
        ref={props.input}
        type="search"
        placeholder="Search in all of it"
        aria-label="Search in the log"
        aria-keyshortcuts="Enter Shift+Enter"
        value={props.text}
        onInput={(event) => props.set_text(event.currentTarget.value)}
        onKeyDown={press}
      />
      {props.text !== "" && found > 0 && (
        <>
          <span class="muted found">
            {count(at + 1)} of {count(found)}
            {finding.state === "going" ? " so far" : ""}
          </span>
          <button class="quiet" aria-label="The line before with it" title="Shift+Enter" onClick={() => props.step(-1)}>
            ↑
          </button>
          <button class="quiet" aria-label="The next line with it" title="Enter" onClick={() => props.step(1)}>
            ↓
          </button>
        </>
      )}
    </span>
  );
}

/** What was searched and what was not. */
export function FindState(props: { finding: Finding; stop: () => void; go_on: () => void }) {
  const { finding } = props;
  if (finding.state === "idle" || finding.wanted === "") return null;
  const { from, to } = finding;
  const length = finding.size - from;
  if (finding.state === "going")
    return (
      <p class="log-more" aria-live="off">
        <progress max={Math.max(length, 1)} value={to - from} aria-label="How much of the log is searched" />{" "}
        <span class="muted">
          {size(to - from)} of {size(length)} searched
        </span>{" "}
        <button onClick={props.stop}>Stop searching</button>
      </p>
    );
  return (
    <p class="log-more">
      <span class="muted">
        {state_words(finding)}
        {from > 0 && ` The first ${size(from)} were not searched; gang logs prints all.`}
      </span>{" "}
      {finding.state === "stopped" && <button onClick={props.go_on}>Go on</button>}
    </p>
  );
}

export function state_words(finding: Finding): string {
  const { from, to } = finding;
  const hits = finding.hits.length;
  const found = hits === 0 ? "not there" : hits === 1 ? "in one line" : `in ${count(hits)} lines`;
  if (finding.state === "full")
    return `In more than ${count(most_hits)} lines: what comes after the first ${size(to - from)} was not searched.`;
  if (finding.state === "done") return `${size(to - from)} searched: ${found}.`;
  const why = finding.trouble === "" ? "Stopped" : finding.trouble;
  return `${why}. ${size(to - from)} of ${size(finding.size - from)} were searched: ${found}.`;
}
