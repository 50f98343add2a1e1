// The state of a job or a gang as a word with a mark, so that no colour alone says it.
import { count, many } from "../base/format";
import type { Ending, GangView, JobSummary, Phase } from "../base/model";

export type Look = "waiting" | "starting" | "running" | "done" | "failed" | "stopped" | "never";

const causes: Record<string, string> = {
  done: "done",
  failed: "failed",
  "out-of-memory": "out of memory",
  "time-limit": "time was up",
  stopped: "stopped",
  "not-started": "not started",
  lost: "lost",
  dependency: "never ran",
  preempted: "made room",
};

/** How an end reads: "failed (exit 3)", "time was up". */
export function ending_words(ending: Ending | undefined): string {
  if (!ending) return "ended";
  const cause = causes[ending.cause] ?? ending.cause;
  if (ending.cause !== "failed") return cause;
  if (ending.signal !== undefined) return `${cause} (signal ${ending.signal})`;
  return ending.exit_code === undefined ? cause : `${cause} (exit ${ending.exit_code})`;
}

function look_of_end(ending: Ending | undefined): Look {
  if (!ending || ending.cause === "done") return "done";
  if (ending.cause === "stopped") return "stopped";
  return ending.cause === "dependency" ? "never" : "failed";
}

export function look_of(phase: Phase, ending: Ending | undefined): Look {
  return phase === "ended" ? look_of_end(ending) : phase;
}

export function State(props: { look: Look; words: string }) {
  return (
    <span class={`state ${props.look}`}>
      <span class="mark" aria-hidden="true" />
      {props.words}
    </span>
  );
}

export function JobState(props: { job: JobSummary }) {
  const { job } = props;
  if (job.phase === "ended") return <State look={look_of_end(job.ending)} words={ending_words(job.ending)} />;
  return <State look={job.phase} words={job.phase} />;
}

export function GangState(props: { gang: GangView }) {
  const { gang } = props;
  const words = gang.phase === "ended" ? ending_words(gang.ending) : gang.phase;
  return <State look={look_of(gang.phase, gang.ending)} words={words} />;
}

/** How far a job of many gangs is, as one bar with the numbers in words. */
export function Progress(props: { job: JobSummary }) {
  const { job } = props;
  const parts: [Look, number, string][] = [
    ["done", job.ended_well, "done"],
    ["failed", job.ended_badly, "ended badly"],
    ["never", job.never_ran, "never ran"],
    ["running", job.running + job.starting, "running"],
    ["waiting", job.waiting, "waiting"],
  ];
  const there = parts.filter(([, n]) => n > 0);
  const words = `${many(job.gangs, "gang")}: ${there.map(([, n, word]) => `${count(n)} ${word}`).join(", ")}`;
  return (
    <span class="progress" role="img" aria-label={words} title={words}>
      {there.map(([look, n]) => (
        <span key={look} class={look} style={{ flexGrow: n }} />
      ))}
    </span>
  );
}
