// Gangs of a job as a table, a page at a time: their values, how they stand, how busy they kept their devices.
import { useState } from "preact/hooks";
import { count, energy, percent, since } from "../base/format";
import type { GangView, JobDetail, JobSummary } from "../base/model";
import { address } from "../base/route";
import { plain, short } from "../base/text";
import { useLiveKept, useNow } from "../live/hooks";
import { job_rule } from "../live/rules";
import { GangState } from "../parts/state";

const page = 50;

export function GangTable(props: { job: JobSummary; open: number | undefined }) {
  const { job } = props;
  const [first, set_first] = useState(0);
  const seen = useLiveKept<JobDetail>(`/v1/jobs/${job.id}?first=${first}&most=${page}`, job_rule(job.id));
  const now = useNow();
  const gangs = seen.value?.gangs ?? [];
  const names = gangs[0]?.values?.map(([name]) => plain(name)) ?? [];
  return (
    <>
      <div class="scroll">
        <table class="gangs">
          <thead>
            <tr>
              <th class="number">Gang</th>
              <th>State</th>
              {names.map((name) => (
                <th key={name}>{name}</th>
              ))}
              <th class="number">Ran</th>
              <th class="number">Busy</th>
              <th class="number">Energy</th>
            </tr>
          </thead>
          <tbody>
            {gangs.map((gang) => (
              <tr key={gang.id.gang} class={gang.id.gang === props.open ? "open" : ""}>
                <td class="number">
                  <a
                    href={address({ view: "job", job: job.id, gang: gang.id.gang })}
                    aria-current={gang.id.gang === props.open ? "true" : undefined}
                  >
                    {gang.gather ? "gather" : gang.id.gang}
                  </a>
                </td>
                <td>
                  <GangState gang={gang} />
                </td>
                {names.map((name, i) => (
                  <td key={name}>{short(gang.values?.[i]?.[1], 40)}</td>
                ))}
                <td class="number">{ran(gang, now)}</td>
                <td class="number">{percent(gang.busy_percent)}</td>
                <td class="number">{energy(gang.energy)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {job.gangs > page && (
        <div class="pages">
          <button disabled={first === 0} onClick={() => set_first(Math.max(0, first - page))}>
            Before
          </button>
          <span class="muted">
            {count(first + 1)} to {count(first + gangs.length)} of {count(job.gangs)}, those that ended badly or run
            first
          </span>
          <button disabled={first + gangs.length >= job.gangs} onClick={() => set_first(first + page)}>
            After
          </button>
        </div>
      )}
    </>
  );
}

function ran(gang: GangView, now: number): string {
  return gang.started === undefined ? "" : since(gang.started, gang.ended ?? now);
}
