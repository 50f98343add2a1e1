// Asks before it stops a job or one gang of it.
import { useRef, useState } from "preact/hooks";
import { count, many } from "../base/format";
import type { JobSummary } from "../base/model";
import { short } from "../base/text";
import { Refusal } from "../live/api";
import { useSession } from "../live/hooks";
import { Dialog } from "../parts/dialog";

export function StopDialog(props: { job: JobSummary; gang?: number; close: () => void }) {
  const { job, gang } = props;
  const { live } = useSession();
  const [at_once, set_at_once] = useState(false);
  const [asking, set_asking] = useState(false);
  const [trouble, set_trouble] = useState("");
  const stopped = useRef(false);
  const what = gang === undefined ? `job ${job.id}` : `gang ${job.id}.${gang}`;
  const stop = async (event: Event) => {
    event.preventDefault();
    set_asking(true);
    const query = [gang === undefined ? "" : `gang=${gang}`, at_once ? "at_once" : ""]
      .filter((word) => word !== "")
      .join("&");
    try {
      await live.api.post(`/v1/jobs/${job.id}/stop${query === "" ? "" : `?${query}`}`);
      live.reset();
      stopped.current = true;
      props.close();
    } catch (refusal) {
      set_trouble(refusal instanceof Refusal ? `${refusal.what}. ${refusal.hint}` : "the answer makes no sense");
      set_asking(false);
    }
  };
  return (
    <Dialog label={`Stop ${what}?`} close={props.close} done={stopped}>
      <form onSubmit={stop}>
        <h2>
          Stop {what}, <q>{short(job.name, 60)}</q>?
        </h2>
        {gang === undefined && <p>{at_stake(job)}</p>}
        <label class="check">
          <input type="checkbox" checked={at_once} onChange={(event) => set_at_once(event.currentTarget.checked)} />
          At once, without time to write its state
        </label>
        {trouble !== "" && (
          <p class="bad-text" role="alert">
            {trouble}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={props.close}>
            Leave it
          </button>
          <button type="submit" class="bad" disabled={asking}>
            {asking ? "Stopping…" : "Stop it"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function at_stake(job: JobSummary): string {
  const run = job.running + job.starting;
  if (job.gangs === 1) return run > 0 ? "It is running." : "It has not started.";
  return `Of ${many(job.gangs, "gang")}, ${count(run)} run and ${count(job.waiting)} wait.`;
}
