// How components watch the service.
import { createContext } from "preact";
import { useContext, useEffect, useReducer, useRef, useState } from "preact/hooks";
import type { WhoAmI } from "../base/model";
import type { Rule } from "./fresh";
import type { Live, Seen } from "./live";

export interface Session {
  live: Live;
  who: WhoAmI;
}
export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("no session around this view");
  return session;
}

/** The newest of `path`, and again whenever it changes. Null: nothing is watched. */
export function useLive<T>(path: string | null, rule: Rule): Seen<T> {
  const { live } = useSession();
  const [, changed] = useReducer((n: number) => n + 1, 0);
  const newest_rule = useRef(rule);
  newest_rule.current = rule;
  useEffect(() => {
    if (path === null) return undefined;
    const end = live.watch(path, newest_rule.current, () => changed(null as never));
    changed(null as never);
    return end;
  }, [live, path]);
  return path === null ? { version: 0 } : live.seen<T>(path);
}

/** The same, and while another path is asked for, what the one before said, with its path. */
export function useLiveKept<T>(path: string, rule: Rule): Seen<T> & { shown: string } {
  const seen = useLive<T>(path, rule);
  const kept = useRef<{ path: string; value: T } | undefined>(undefined);
  if (seen.value !== undefined) kept.current = { path, value: seen.value };
  return { ...seen, value: kept.current?.value, shown: kept.current?.path ?? path };
}

/**
 * Time by this clock in microseconds, moving on each `every` ms, for "3m ago". All that use it move on together, and to
 * the same time, so that one thing does not read differently in two places.
 */
export function useNow(every = 1000): number {
  const read = () => now_by(Date.now(), every);
  const [now, set] = useState(read);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => (timer = setTimeout(tick, every - (Date.now() % every)));
    const tick = () => {
      if (!document.hidden) set(read());
      wait();
    };
    wait();
    return () => clearTimeout(timer);
  }, [every]);
  return now;
}

function now_by(ms: number, every: number): number {
  const step = Math.min(every, 1000);
  return Math.floor(ms / step) * step * 1000;
}

/** Why this person may not submit; empty: may. */
export function no_submit(who: WhoAmI): string {
  return who.role === "read" ? "This token may only look." : "";
}

/** Why this person may not stop a job of `owner`; empty: may. */
export function no_stop(who: WhoAmI, owner: string): string {
  if (who.role === "read") return "This token may only look.";
  if (who.role === "operate" || who.login === owner) return "";
  return `It is ${owner}'s: only ${owner}, or a token with the role operate, may stop it.`;
}
