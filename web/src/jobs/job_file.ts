// A form as the text of a job file, so that both ways to submit are one and have the same mistakes.
export interface JobForm {
  name: string;
  command: string;
  dir: string;
  tasks: string;
  gpus: string;
  model: string;
  gpu_memory: string;
  cpus: string;
  memory: string;
  time: string;
  queue: string;
  priority: string;
  retries: string;
  after: string;
  /** A line for each name: "lr = 0.1, 0.01" or "seed = 1..8". */
  sweep: string;
}

export const empty_form: JobForm = {
  name: "",
  command: "",
  dir: "",
  tasks: "",
  gpus: "",
  model: "",
  gpu_memory: "",
  cpus: "",
  memory: "",
  time: "",
  queue: "",
  priority: "",
  retries: "",
  after: "",
  sweep: "",
};

export interface JobFile {
  text: string;
  /** Which field each line of the text is of, from line 1 on. */
  fields: (keyof JobForm)[];
}

const numbers = new Set<keyof JobForm>(["tasks", "gpus", "cpus", "priority", "retries"]);
const order: (keyof JobForm)[] = [
  "name",
  "command",
  "dir",
  "tasks",
  "gpus",
  "model",
  "gpu_memory",
  "cpus",
  "memory",
  "time",
  "queue",
  "priority",
  "retries",
];

/** What is empty is left out. What makes no number where one belongs is written as text, and the check says so. */
export function job_file(form: JobForm): JobFile {
  const lines: string[] = [];
  const fields: (keyof JobForm)[] = [];
  const add = (line: string, field: keyof JobForm) => {
    lines.push(line);
    fields.push(field);
  };
  for (const key of order) {
    const value = form[key].trim();
    if (value === "") continue;
    const bare = numbers.has(key) && /^-?\d+(\.\d+)?$/.test(value);
    add(`${key} = ${bare ? value : quoted(value)}`, key);
  }
  const after = words(form.after);
  if (after.length > 0) add(`after = [${after.map(quoted).join(", ")}]`, "after");
  const axes = form.sweep.split("\n").filter((line) => line.trim() !== "");
  if (axes.length > 0) add("[sweep]", "sweep");
  for (const axis of axes) add(axis_line(axis), "sweep");
  return { text: lines.map((line) => line + "\n").join(""), fields };
}

function words(list: string): string[] {
  return list
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function axis_line(line: string): string {
  const equals = line.indexOf("=");
  if (equals < 0) return `${key_of(line.trim())} = []`;
  const values = line.slice(equals + 1).trim();
  const range = /^-?\d+\.\.-?\d+$/.test(values);
  return `${key_of(line.slice(0, equals).trim())} = ${range ? quoted(values) : `[${words(values).map(value).join(", ")}]`}`;
}

function key_of(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : quoted(name);
}

function value(word: string): string {
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(word) ? word : quoted(word);
}

/** A basic string of TOML: one line, whatever is in it. */
export function quoted(text: string): string {
  const escaped = text.replace(/[\u0000-\u001f"\\\u007f]/g, (character) => {
    if (character === '"' || character === "\\") return "\\" + character;
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
  });
  return `"${escaped}"`;
}
