// Runs the history once more, under other policies or on other machines.
import { useState } from "preact/hooks";
import { clock, span } from "../base/format";
import { plain } from "../base/text";
import type { Text } from "../base/model";
import { Refusal } from "../live/api";
import { can_submit, useLive, useNow, useSession } from "../live/hooks";
import { Empty } from "../parts/notice";
import { command, empty_what_if, options, policies, type WhatIf } from "./command";

/** As the gateway tells it. */
interface Simulation {
  id: number;
  state: "running" | "done" | "failed";
  options?: string[];
  started?: number;
  ended?: number;
  /** 0 to 1, where it is known. */
  progress?: number;
  says?: Text;
  /** Address of its page, below /v1. */
  page?: string;
}

const simulations_rule = { every: 1000 };

export function WhatIfView() {
  const { live, who } = useSession();
  const [what, set] = useState<WhatIf>(empty_what_if);
  const [said, set_said] = useState("");
  const seen = useLive<Simulation[]>("/v1/simulations", simulations_rule);
  const missing = seen.trouble?.status === 404;
  const run = async (event: Event) => {
    event.preventDefault();
    set_said("");
    try {
      await live.api.post("/v1/simulations", JSON.stringify({ options: options(what) }), {
        "Content-Type": "application/json",
      });
      live.reset();
    } catch (trouble) {
      set_said(trouble instanceof Refusal ? `${trouble.what}. ${trouble.hint}` : "the answer makes no sense");
    }
  };
  return (
    <>
      <div class="heading">
        <h1>What if</h1>
      </div>
      <p class="lead">
        The jobs that ran here, run once more in pretended time: under other policies, with more or fewer machines, with
        more jobs. Each table says how far a simulation is from what really happened.
      </p>
      <form class="what-if" onSubmit={run}>
        <Fields what={what} set={set} />
        <div class="submit-side">
          <h2>On the command line</h2>
          <pre class="file-preview">{command(what)}</pre>
          {missing && (
            <p class="notice" role="status">
              This service does not run simulations from the page. The command above does, on the machine that has the
              history.
            </p>
          )}
          {said !== "" && (
            <p class="bad-text" role="alert">
              {said}
            </p>
          )}
          {!missing && can_submit(who) && (
            <div class="buttons">
              <button class="main" type="submit" disabled={seen.value === undefined}>
                Run
              </button>
            </div>
          )}
        </div>
      </form>
      {!missing && seen.value && <Simulations all={seen.value} />}
    </>
  );
}

const texts: [keyof WhatIf & ("scale_arrivals" | "add" | "remove" | "swap" | "power_limit"), string, string][] = [
  ["scale_arrivals", "So many times as many jobs", "1.3"],
  ["add", "More nodes like one there is", "2:gpu-03"],
  ["remove", "Nodes less", "gpu-07"],
  ["swap", "Devices of another model", "V100=A100"],
  ["power_limit", "Power of all devices together", "20kW"],
];

function Fields(props: { what: WhatIf; set: (what: WhatIf) => void }) {
  const { what, set } = props;
  const toggle = (policy: string) => {
    const there = what.policies.includes(policy);
    set({ ...what, policies: there ? what.policies.filter((each) => each !== policy) : [...what.policies, policy] });
  };
  return (
    <div class="fields">
      <fieldset>
        <legend>Policies to compare</legend>
        <div class="choices">
          {policies.map((policy) => (
            <label key={policy} class="check">
              <input type="checkbox" checked={what.policies.includes(policy)} onChange={() => toggle(policy)} />
              {policy}
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend>What would be different</legend>
        {texts.map(([key, name, example]) => (
          <div key={key} class="field">
            <label for={`what-${key}`}>{name}</label>
            <input
              id={`what-${key}`}
              value={what[key]}
              placeholder={example}
              autocomplete="off"
              onInput={(event) => set({ ...what, [key]: event.currentTarget.value })}
            />
          </div>
        ))}
        <label class="check">
          <input
            type="checkbox"
            checked={what.backtest}
            onChange={(event) => set({ ...what, backtest: event.currentTarget.checked })}
          />
          Say how far it is from the truth
        </label>
      </fieldset>
    </div>
  );
}

function Simulations(props: { all: Simulation[] }) {
  const now = useNow();
  const { live } = useSession();
  if (props.all.length === 0) return <Empty words="No simulation was run yet." />;
  // Saved as a file: an address could not carry the token, and what is in the page shall not run as part of this one.
  const save = async (simulation: Simulation) => {
    const text = await live.api.text("GET", simulation.page ?? `/v1/simulations/${simulation.id}/page`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
    link.download = `simulation-${simulation.id}.html`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <table class="small">
      <thead>
        <tr>
          <th>Simulation</th>
          <th>State</th>
          <th class="number">Started</th>
          <th class="number">Took</th>
          <th>Result</th>
        </tr>
      </thead>
      <tbody>
        {props.all.map((each) => (
          <tr key={each.id}>
            <td>{(each.options ?? []).join(" ") || each.id}</td>
            <td>
              {each.state}
              {each.progress !== undefined && each.state === "running" ? ` ${Math.round(each.progress * 100)} %` : ""}
            </td>
            <td class="number">{clock(each.started, now)}</td>
            <td class="number">{each.started === undefined ? "–" : span((each.ended ?? now) - each.started)}</td>
            <td>{each.state === "done" ? <button onClick={() => void save(each)}>Save</button> : plain(each.says)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
