// Reads a part of a log into the page until the view goes; slower while the page is hidden or the service away.
import { useEffect, useRef, useState } from "preact/hooks";
import type { LogChunk } from "../base/model";
import { Refusal } from "../live/api";
import { useSession } from "../live/hooks";
import { LogLines } from "./log_lines";
import { LogReader, type Part } from "./log_reader";

const pause = 1000;

export interface LogSeen {
  lines: LogLines | null;
  /** Another with each part that is read anew. */
  part: Part | null;
  version: number;
  from: number;
  to: number;
  size: number;
  dropped: number;
  lost: number;
  empty: boolean;
  trouble: string;
}
const nothing: LogSeen = {
  lines: null,
  part: null,
  version: 0,
  from: 0,
  to: 0,
  size: 0,
  dropped: 0,
  lost: 0,
  empty: false,
  trouble: "",
};

export function useLog(
  path: string,
  grows: boolean,
  part: Part,
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
    const reader = new LogReader((query) => live.api.get<LogChunk>(path + query), part);
    let told = "";
    const step = async () => {
      let trouble = "";
      let well = true;
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
      const now = `${reader.to} ${reader.size} ${trouble} ${growing.current}`;
      if (now !== told)
        set_seen((before) => ({
          lines,
          part,
          trouble,
          version: before.version + 1,
          from: reader.from,
          to: reader.to,
          size: reader.size,
          dropped: reader.dropped,
          lost: lines.lost,
          empty: lines.empty,
        }));
      told = now;
      return well;
    };
    void follow_log(step, reader, () => over, growing, wake);
    return () => {
      over = true;
      wake.current();
    };
  }, [path, JSON.stringify(part)]);
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
