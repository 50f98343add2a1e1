// Runs the history once more, under other policies or on other machines.
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, span } from "../base/format";
import { address } from "../base/route";
import { plain } from "../base/text";
import type { Text } from "../base/model";
import { Refusal } from "../live/api";
import { no_submit, useLive, useNow, useSession } from "../live/hooks";
import { MayButton } from "../parts/may_button";
import { Empty } from "../parts/notice";
import { command, empty_what_if, options, policies, type WhatIf } from "./command";
import { ReportFrame } from "./report_frame";

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
}

const simulations_rule = { every: 1000 };

export function WhatIfView(props: { run?: number }) {
  const { live, who } = useSession();
  const [what, set] = useState<WhatIf>(empty_what_if);
  const [said, set_said] = useState("");
  const seen = useLive<Simulation[]>("/v1/simulations", simulations_rule);
  const missing = seen.trouble?.status === 404;
  const off = no_submit(who);
  const run = async (event: Event) => {
    event.preventDefault();
    if (off !== "") return;
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
        more jobs.
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
          {!missing && <RunButton off={off} ready={seen.value !== undefined} />}
        </div>
      </form>
      {!missing && seen.value && <Simulations all={seen.value} shown={props.run} />}
      {!missing && props.run !== undefined && (
        <Result
          key={props.run}
          id={props.run}
          run={seen.value?.find((each) => each.id === props.run)}
          known={seen.value !== undefined}
        />
      )}
    </>
  );
}

function RunButton(props: { off: string; ready: boolean }) {
  const { off } = props;
  return (
    <div class="buttons">
      {off !== "" && <p class="off-words muted">{off}</p>}
      {off !== "" ? (
        <MayButton class="main" off={off}>
          Run
        </MayButton>
      ) : (
        <button class="main" type="submit" disabled={!props.ready}>
          Run
        </button>
      )}
    </div>
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

function page_path(id: number): string {
  return `/v1/simulations/${id}/page`;
}

function words_of(run: Simulation): string {
  return (run.options ?? []).map(plain).join(" ") || "the history as it was";
}

// Saved as a file: an address could not carry the token.
function save(id: number, page: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([page], { type: "application/octet-stream" }));
  link.download = `simulation-${id}.html`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Simulations(props: { all: Simulation[]; shown: number | undefined }) {
  const now = useNow();
  const { live } = useSession();
  const [said, set_said] = useState("");
  const over = useOver(props.all);
  if (props.all.length === 0) return <Empty words="No simulation was run yet." />;
  const ask_and_save = async (id: number) => {
    set_said("");
    try {
      save(id, await live.api.text("GET", page_path(id)));
    } catch (trouble) {
      set_said(trouble instanceof Refusal ? trouble.what : "the answer makes no sense");
    }
  };
  return (
    <section class="simulations" aria-label="Simulations">
      <h2>Simulations</h2>
      <p class="unseen" role="status">
        {over}
      </p>
      {said !== "" && (
        <p class="bad-text" role="alert">
          {said}
        </p>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of simulations">
        <table class="small">
          <thead>
            <tr>
              <th scope="col">Simulation</th>
              <th scope="col">State</th>
              <th scope="col" class="number wide-only">
                Started
              </th>
              <th scope="col" class="number wide-only">
                Took
              </th>
              <th scope="col">Result</th>
            </tr>
          </thead>
          <tbody>
            {props.all.map((each) => (
              <Row key={each.id} run={each} now={now} shown={each.id === props.shown} save={ask_and_save} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

// What is read out once a simulation that ran here is over; not how far it is.
function useOver(all: Simulation[]): string {
  const [over, set] = useState("");
  const ran = useRef(new Set<number>());
  const states = all.map((each) => `${each.id} ${each.state}`).join();
  useEffect(() => {
    for (const each of all) {
      if (each.state === "running") ran.current.add(each.id);
      else if (ran.current.delete(each.id))
        set(`Simulation ${each.id} ${each.state === "done" ? "is done" : "failed"}`);
    }
  }, [states]);
  return over;
}

function Row(props: { run: Simulation; now: number; shown: boolean; save: (id: number) => Promise<void> }) {
  const { run, now } = props;
  const progress = run.progress !== undefined && run.state === "running" ? ` ${Math.round(run.progress * 100)} %` : "";
  return (
    <tr>
      <td>
        <b>{run.id}</b> {words_of(run)}
      </td>
      <td class="run-state">
        {run.state}
        {progress}
      </td>
      <td class="number wide-only">{clock(run.started, now)}</td>
      <td class="number wide-only">{run.started === undefined ? "–" : span((run.ended ?? now) - run.started)}</td>
      {run.state === "done" ? (
        <td class="result-cell">
          <a
            class="button"
            href={address({ view: "what-if", run: run.id })}
            aria-label={`Show simulation ${run.id}`}
            aria-current={props.shown ? "true" : undefined}
          >
            Show
          </a>
          <button onClick={() => void props.save(run.id)} aria-label={`Save simulation ${run.id}`}>
            Save
          </button>
        </td>
      ) : (
        <td>{plain(run.says)}</td>
      )}
    </tr>
  );
}

// The page that a simulation wrote, below the list of all.
function Result(props: { id: number; run: Simulation | undefined; known: boolean }) {
  const { id, run } = props;
  const { live } = useSession();
  const [page, set_page] = useState<string | undefined>(undefined);
  const [said, set_said] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  const done = run?.state === "done";
  useEffect(() => {
    if (!done) return undefined;
    let over = false;
    live.api.text("GET", page_path(id)).then(
      (text) => !over && set_page(text),
      (trouble: unknown) => !over && set_said(trouble instanceof Refusal ? trouble.what : "the answer makes no sense"),
    );
    return () => {
      over = true;
    };
  }, [done]);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const state = run
    ? done
      ? "Asking…"
      : `It is not done: ${run.state}.`
    : props.known
      ? "It is not kept."
      : "Asking…";
  return (
    <section class="result-page" aria-label={`Result of simulation ${id}`}>
      <div class="heading">
        <h2 ref={heading} tabIndex={-1}>
          Simulation {id} <span class="muted plain">{run && words_of(run)}</span>
        </h2>
        {page !== undefined && <button onClick={() => save(id, page)}>Save this page</button>}
        <a class="button quiet" href="#/what-if" aria-label="Close this result">
          ✕
        </a>
      </div>
      {page === undefined && said === "" && <p class="muted">{state}</p>}
      {said !== "" && (
        <p class="bad-text" role="alert">
          {said}
        </p>
      )}
      {page !== undefined && <ReportFrame page={page} title={`What simulation ${id} says`} />}
      {page !== undefined && (
        <p class="muted result-foot">Nothing runs in it here. The saved page also says the numbers below a pointer.</p>
      )}
    </section>
  );
}
