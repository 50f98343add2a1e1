// A new job: from a form or from the text of a job file, with each mistake where it stands.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { many } from "../base/format";
import type { JobSpec, Mistake, Submitted } from "../base/model";
import { address } from "../base/route";
import { Refusal } from "../live/api";
import { no_submit, useSession } from "../live/hooks";
import { MayButton } from "../parts/may_button";
import { Tabs, tab_id } from "../parts/tabs";
import { empty_form, job_file, type JobForm } from "./job_file";

type Tab = "form" | "file";

const tabs: [Tab, string][] = [
  ["form", "Form"],
  ["file", "Job file"],
];
const panel = "how-to-say";

interface Said {
  what: string;
  mistakes: Mistake[];
}
const nothing_said: Said = { what: "", mistakes: [] };
const typing_pause = 400;
const toml = { "Content-Type": "application/toml" };

/** One name for one press of the button, however often it is sent. */
function new_key(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function SubmitView() {
  const { live, who } = useSession();
  const [tab, set_tab] = useState<Tab>("form");
  const [form, set_form] = useState<JobForm>(empty_form);
  const [pasted, set_pasted] = useState("");
  const [refused, set_refused] = useState<Said>(nothing_said);
  const [sending, set_sending] = useState(false);
  const key = useRef("");
  const file = useMemo(() => job_file(form), [form]);
  const text = tab === "form" ? file.text : pasted;
  const off = no_submit(who);
  // To check a text is for those who may submit it.
  const checked = useCheck(off === "" ? text : "");
  useEffect(() => {
    key.current = "";
    set_refused(nothing_said);
  }, [text]);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (off !== "") return;
    set_sending(true);
    key.current ||= new_key();
    try {
      const job = await live.api.post<Submitted>("/v1/jobs", text, { ...toml, "Idempotency-Key": key.current });
      live.reset();
      location.hash = address({ view: "job", job: job.id });
    } catch (trouble) {
      set_refused(said_by(trouble));
      set_sending(false);
    }
  };
  const said = refused.what !== "" ? refused : checked;
  return (
    <>
      <div class="heading">
        <h1>New job</h1>
        <Tabs panel={panel} label="How to say it" tabs={tabs} here={tab} choose={set_tab} />
      </div>
      <form class="submit" onSubmit={submit} noValidate>
        <div role="tabpanel" id={panel} aria-labelledby={tab_id(panel, tab)}>
          {tab === "form" ? (
            <FormFields
              form={form}
              set={(name, value) => set_form({ ...form, [name]: value })}
              mistakes={by_field(said.mistakes, file.fields)}
            />
          ) : (
            <FileField text={pasted} set={set_pasted} mistakes={said.mistakes} />
          )}
        </div>
        <div class="submit-side">
          {tab === "form" && (
            <>
              <h2>As a job file</h2>
              <pre class="file-preview">{text || "# nothing said yet"}</pre>
            </>
          )}
          <Mistakes
            said={said}
            empty={text.trim() === "" || off !== ""}
            lines={tab === "file"}
            refused={refused.what !== ""}
          />
          <SubmitButton off={off} sending={sending} empty={text.trim() === ""} />
        </div>
      </form>
    </>
  );
}

function SubmitButton(props: { off: string; sending: boolean; empty: boolean }) {
  const { off, sending } = props;
  return (
    <div class="buttons">
      {off !== "" && <p class="off-words muted">{off}</p>}
      {off !== "" ? (
        <MayButton class="main" off={off}>
          Submit
        </MayButton>
      ) : (
        <button class="main" type="submit" disabled={sending || props.empty}>
          {sending ? "Submitting…" : "Submit"}
        </button>
      )}
    </div>
  );
}

function said_by(trouble: unknown): Said {
  if (!(trouble instanceof Refusal)) return { what: "the answer makes no sense", mistakes: [] };
  return { what: [trouble.what, trouble.hint].filter((words) => words !== "").join("; "), mistakes: trouble.mistakes };
}

// What the service says of the text, a moment after the last change.
function useCheck(text: string): Said {
  const { live } = useSession();
  const [said, set] = useState<Said>(nothing_said);
  useEffect(() => {
    let over = false;
    if (text.trim() === "") {
      set(nothing_said);
      return undefined;
    }
    const timer = setTimeout(async () => {
      let newest = nothing_said;
      try {
        await live.api.post<{ spec: JobSpec }>("/v1/check", text, toml);
      } catch (trouble) {
        newest = said_by(trouble);
      }
      if (!over) set(newest);
    }, typing_pause);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [text]);
  return said;
}

function by_field(mistakes: Mistake[], fields: (keyof JobForm)[]): Map<keyof JobForm, string> {
  const found = new Map<keyof JobForm, string>();
  for (const mistake of mistakes) {
    const field = mistake.line === undefined ? undefined : fields[mistake.line - 1];
    if (field) found.set(field, words_of(mistake));
  }
  return found;
}

function words_of(mistake: Mistake): string {
  const hint = mistake.try || mistake.hint;
  return hint ? `${mistake.what}; ${hint}` : mistake.what;
}

function Mistakes(props: { said: Said; empty: boolean; lines: boolean; refused: boolean }) {
  const { said } = props;
  let words = "";
  if (props.empty) words = "";
  else if (said.what === "") words = "No mistakes.";
  else if (!props.lines && !props.refused && said.mistakes.length > 0)
    words = `${many(said.mistakes.length, "mistake")}, each below its field.`;
  const list = said.mistakes.filter((mistake) => props.lines || mistake.line === undefined || props.refused);
  return (
    <div class="mistakes" aria-live="polite">
      {words !== "" && <p class={said.what === "" ? "muted" : "bad-text"}>{words}</p>}
      {said.what !== "" && said.mistakes.length === 0 && <p class="bad-text">{said.what}</p>}
      {list.length > 0 && (
        <ul>
          {list.map((mistake, i) => (
            <li key={i} class="bad-text">
              {mistake.line !== undefined && <b>line {mistake.line}: </b>}
              {words_of(mistake)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface Field {
  key: keyof JobForm;
  name: string;
  example: string;
  rows?: number;
}
const groups: { name: string; fields: Field[] }[] = [
  {
    name: "What",
    fields: [
      { key: "command", name: "Command", example: "python3 train.py --lr {lr}", rows: 3 },
      { key: "name", name: "Name", example: "the program's name" },
      { key: "dir", name: "Directory", example: "/home/anna/train" },
    ],
  },
  {
    name: "For each task",
    fields: [
      { key: "gpus", name: "GPUs", example: "0" },
      { key: "model", name: "GPU model", example: "any" },
      { key: "gpu_memory", name: "GPU memory", example: "any" },
      { key: "cpus", name: "CPUs", example: "1" },
      { key: "memory", name: "Memory", example: "not counted" },
    ],
  },
  {
    name: "How",
    fields: [
      { key: "tasks", name: "Tasks", example: "1" },
      { key: "time", name: "Longest time", example: "no limit" },
      { key: "queue", name: "Queue", example: "normal" },
      { key: "priority", name: "Priority", example: "0" },
      { key: "retries", name: "Retries", example: "0" },
      { key: "after", name: "After these jobs", example: "prepare, 7" },
      { key: "sweep", name: "Sweep, a line for each name", example: "lr = 0.1, 0.01\nseed = 1..8", rows: 3 },
    ],
  },
];

function FormFields(props: {
  form: JobForm;
  set: (name: keyof JobForm, value: string) => void;
  mistakes: Map<keyof JobForm, string>;
}) {
  return (
    <div class="fields">
      {groups.map((group) => (
        <fieldset key={group.name}>
          <legend>{group.name}</legend>
          {group.fields.map((field) => (
            <FormField key={field.key} field={field} {...props} />
          ))}
        </fieldset>
      ))}
    </div>
  );
}

function FormField(props: {
  field: Field;
  form: JobForm;
  set: (name: keyof JobForm, value: string) => void;
  mistakes: Map<keyof JobForm, string>;
}) {
  const { field } = props;
  const mistake = props.mistakes.get(field.key);
  const common = {
    id: `field-${field.key}`,
    value: props.form[field.key],
    placeholder: field.example,
    spellcheck: false,
    autocomplete: "off",
    "aria-invalid": mistake !== undefined,
    "aria-describedby": mistake === undefined ? undefined : `mistake-${field.key}`,
    onInput: (event: { currentTarget: { value: string } }) => props.set(field.key, event.currentTarget.value),
  };
  return (
    <div class={`field${field.rows ? " long" : ""}`}>
      <label for={common.id}>{field.name}</label>
      {field.rows ? <textarea rows={field.rows} {...common} /> : <input {...common} />}
      {mistake !== undefined && (
        <p id={`mistake-${field.key}`} class="bad-text">
          {mistake}
        </p>
      )}
    </div>
  );
}

const example_file = `name    = "resnet"
command = "python3 train.py --lr {lr}"
gpus    = 1
time    = "2h"

[sweep]
lr = [0.1, 0.01]
`;

function FileField(props: { text: string; set: (text: string) => void; mistakes: Mistake[] }) {
  const lines = Math.max(props.text.split("\n").length, 12);
  const bad = new Set(props.mistakes.map((mistake) => mistake.line));
  const load = async (event: { currentTarget: HTMLInputElement }) => {
    const file = event.currentTarget.files?.[0];
    if (file) props.set(await file.text());
  };
  return (
    <div class="file">
      <div class="file-head">
        <label for="job-file">Job file</label>
        <label class="button quiet">
          Open a file
          <input class="unseen" type="file" accept=".toml,text/plain" onChange={(event) => void load(event)} />
        </label>
      </div>
      <div class="file-edit">
        <pre class="file-numbers" aria-hidden="true">
          {Array.from({ length: lines }, (_, i) => (
            <span key={i} class={bad.has(i + 1) ? "bad-line" : ""}>
              {i + 1}
              {"\n"}
            </span>
          ))}
        </pre>
        <textarea
          id="job-file"
          value={props.text}
          placeholder={example_file}
          rows={lines}
          spellcheck={false}
          wrap="off"
          onInput={(event) => props.set(event.currentTarget.value)}
        />
      </div>
    </div>
  );
}
