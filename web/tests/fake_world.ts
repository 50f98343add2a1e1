// A pretended cluster for tests of the page: jobs, gangs, devices and readings that change, from a seed.
import type {
  DeviceSample,
  Ending,
  FeedEntry,
  GangView,
  JobSummary,
  NodeView,
  Phase,
  TimelineBar,
} from "../src/base/model";

export const GB = 1024 ** 3;
const minute = 60e6;

export interface FakeJob {
  summary: JobSummary;
  command: string;
  sweep: { name: string; values: string[] }[];
  gangs: FakeGang[];
  reason: string;
  log: string;
  devices_each: number;
}
export interface FakeGang {
  letter: string;
  started?: number;
  ended?: number;
  ending?: Ending;
  place?: { node: number; devices: number[] };
  /** What it wrote to its {output}. */
  numbers?: [string, number][];
}

export class FakeWorld {
  nodes: NodeView[] = [];
  jobs = new Map<number, FakeJob>();
  entries: FeedEntry[] = [];
  store = "fake1";
  private seed = 12345;
  private next_job = 1;

  constructor(readonly clock: () => number = () => Date.now() * 1000) {}

  /** The same numbers in each run. */
  random(): number {
    this.seed = (this.seed * 1103515245 + 12345) % 2147483648;
    return this.seed / 2147483648;
  }

  add_node(name: string, models: string[], more: Partial<NodeView["node"]> = {}): NodeView {
    const id = this.nodes.length;
    const devices = models.map((model, i) => ({
      kind: "gpu",
      vendor: "nvidia",
      model,
      uid: `GPU-${id}-${i}-57e5-4b1f-9f0a`,
      memory: 80 * GB,
      pci_address: `0000:${(16 + i).toString(16)}:00.0`,
      numa_node: i < models.length / 2 ? 0 : 1,
      allottable: true,
      present: true,
      power_limit: 700,
    }));
    const links = [];
    for (let a = 0; a < models.length; ++a)
      for (let b = a + 1; b < models.length; ++b)
        links.push({
          a,
          b,
          kind: Math.floor(a / 4) === Math.floor(b / 4) ? "nvlink" : "system",
          lanes: Math.floor(a / 4) === Math.floor(b / 4) ? 18 : 0,
        });
    const view: NodeView = {
      id,
      node: {
        name,
        cpu_model: "AMD EPYC 9654",
        cpus: "0-95",
        counted: 0,
        memory: 1024 * GB,
        devices,
        links,
        ports: [],
        up: true,
        elsewhere: false,
        place: [],
        driver: "550.90.07",
        notes: [],
        ...more,
      },
      sample: { at: this.clock(), devices: models.map(() => idle_sample()), packages: [{ power: 180 }], ports: [] },
      use: models.map(() => ({ gangs: [], foreign: "", leased: false, set_aside: [] })),
      cpus_taken: "",
      memory_taken: 0,
      set_aside: [],
      counted_taken: 0,
    };
    this.nodes.push(view);
    return view;
  }

  submit(
    name: string,
    more: Partial<JobSummary> & { command?: string; sweep?: FakeJob["sweep"]; devices_each?: number } = {},
  ): FakeJob {
    const { command = "python3 train.py", sweep = [], devices_each = 1, ...summary } = more;
    const gangs = sweep.reduce((product, axis) => product * axis.values.length, 1);
    const id = this.next_job++;
    const job: FakeJob = {
      summary: {
        id,
        name,
        owner: "anna",
        queue: "normal",
        phase: "waiting",
        gangs,
        waiting: gangs,
        starting: 0,
        running: 0,
        ended_well: 0,
        ended_badly: 0,
        never_ran: 0,
        submitted: this.clock(),
        request: `${devices_each} gpu and 4 cpus`,
        taken: "",
        reason: "",
        ...summary,
      },
      command,
      sweep,
      gangs: Array.from({ length: gangs }, () => ({ letter: "w" })),
      reason: "",
      log: "",
      devices_each,
    };
    this.jobs.set(id, job);
    this.tell("submitted", id);
    this.count(job);
    return job;
  }

  tell(kind: string, job?: number, gang?: number, count = 1) {
    const number = this.entries.length + 1;
    this.entries.push({
      number,
      at: this.clock(),
      kind,
      ...(job === undefined ? {} : { job }),
      ...(gang === undefined ? {} : { gang, count }),
    });
    this.on_entry();
  }
  on_entry: () => void = () => {};

  start(job: FakeJob, gang: number, node: number, devices: number[], ago = 0) {
    const each = job.gangs[gang]!;
    Object.assign(each, { letter: "r", started: this.clock() - ago, place: { node, devices } });
    for (const device of devices) this.nodes[node]!.use![device]!.gangs!.push([{ job: job.summary.id, gang }, 1000]);
    this.cpus(node);
    this.count(job);
    this.tell("started", job.summary.id, gang);
  }

  /** Starts a gang on the first free devices; false where there are none. */
  start_somewhere(job: FakeJob, gang: number, ago = 0): boolean {
    for (const view of this.nodes) {
      const free = view.use!.flatMap((use, i) =>
        use.gangs!.length === 0 && !use.foreign && view.node.devices![i]!.allottable ? [i] : [],
      );
      if (free.length < job.devices_each || view.node.up === false) continue;
      this.start(job, gang, view.id, free.slice(0, job.devices_each), ago);
      return true;
    }
    return false;
  }

  end(job: FakeJob, gang: number, ending: Ending = { cause: "done", exit_code: 0 }, at = this.clock()) {
    const each = job.gangs[gang]!;
    each.letter =
      ending.cause === "done" ? "d" : ending.cause === "stopped" ? "x" : ending.cause === "dependency" ? "n" : "f";
    each.ended = at;
    each.ending = ending;
    if (each.place)
      for (const device of each.place.devices) {
        const use = this.nodes[each.place.node]!.use![device]!;
        use.gangs = use.gangs!.filter(([id]) => id.job !== job.summary.id || id.gang !== gang);
      }
    if (each.place) this.cpus(each.place.node);
    this.count(job);
    this.tell("ended", job.summary.id, gang);
  }

  stop(job: FakeJob, gang?: number) {
    job.gangs.forEach((each, i) => {
      if ((gang === undefined || gang === i) && "wsr".includes(each.letter))
        this.end(job, i, { cause: "stopped", detail: "stopped by anna" });
    });
  }

  /** Takes the job's numbers and phase from its gangs. */
  count(job: FakeJob) {
    const found: Record<string, number> = {};
    for (const gang of job.gangs) found[gang.letter] = (found[gang.letter] ?? 0) + 1;
    const n = (letter: string) => found[letter] ?? 0;
    const started = job.gangs.flatMap((gang) => gang.started ?? []);
    const over = n("w") + n("s") + n("r") === 0;
    const begun: Phase = started.length > 0 ? "running" : n("s") > 0 ? "starting" : "waiting";
    const phase: Phase = over ? "ended" : begun;
    const bad =
      job.gangs.find((gang) => gang.ending && gang.ending.cause !== "done") ?? job.gangs[job.gangs.length - 1]!;
    Object.assign(job.summary, {
      phase,
      waiting: n("w"),
      starting: n("s"),
      running: n("r"),
      ended_well: n("d"),
      ended_badly: n("f") + n("x"),
      never_ran: n("n"),
    });
    if (started.length > 0) {
      job.summary.started = Math.min(...(started.length > 1000 ? started.slice(0, 1000) : started));
      job.summary.taken = job.summary.request;
    }
    if (over) {
      job.summary.ended = Math.max(...job.gangs.slice(0, 1000).map((gang) => gang.ended ?? 0));
      job.summary.ending = bad.ending;
    }
    job.summary.reason = phase === "ended" ? "" : n("w") > 0 ? job.reason : "";
  }

  private cpus(node: number) {
    const view = this.nodes[node]!;
    const held = view.use!.filter((use) => use.gangs!.length > 0).length * 4;
    view.cpus_taken = held > 0 ? `0-${held - 1}` : "";
    view.memory_taken = held * 8 * GB;
  }

  /** Readings a second later. */
  read() {
    for (const view of this.nodes) {
      if (!view.sample) continue;
      view.sample!.at = this.clock();
      view.sample!.devices = view.sample!.devices!.map((sample, i) => this.reading(view, sample, i));
      for (const each of view.sample!.packages ?? [])
        each.power = Math.round((each.power ?? 180) + (this.random() - 0.5) * 8);
    }
  }

  // A reading that was never there stays away.
  private reading(view: NodeView, last: DeviceSample, i: number): DeviceSample {
    const held = view.use![i]!.gangs!.length > 0 || view.use![i]!.foreign;
    const step = (value: number, to: number, by: number, most: number) =>
      Math.min(most, Math.max(0, value + (to - value) * 0.3 + (this.random() - 0.5) * by));
    const gang = view.use![i]!.gangs![0];
    const idle = gang !== undefined && gang[0].gang === 3;
    const busy =
      last.busy_percent === undefined
        ? undefined
        : Math.round(step(last.busy_percent, held ? (idle ? 0 : 91) : 0, held && !idle ? 14 : 0, 100));
    return {
      ...last,
      busy_percent: busy,
      memory_used:
        last.memory_used === undefined
          ? undefined
          : Math.round(
              step(last.memory_used / GB, held ? (0.72 * view.node.devices![i]!.memory!) / GB : 0.4, held ? 1 : 0, 80) *
                GB,
            ),
      power: last.power === undefined ? undefined : Math.round(step(last.power, held && !idle ? 560 : 96, 20, 700)),
      temperature_celsius:
        last.temperature_celsius === undefined
          ? undefined
          : Math.round(step(last.temperature_celsius, held ? 63 : 34, 2, 90)),
    };
  }

  gang_view(job: FakeJob, gang: number): GangView {
    const each = job.gangs[gang]!;
    const phase: Phase =
      each.letter === "w" ? "waiting" : each.letter === "s" ? "starting" : each.letter === "r" ? "running" : "ended";
    return {
      id: { job: job.summary.id, gang },
      attempt: 1,
      phase,
      gather: false,
      values: values_of(job, gang),
      ...(each.started ? { started: each.started } : {}),
      ...(each.ended ? { ended: each.ended } : {}),
      ...(each.ending ? { ending: each.ending } : {}),
      ...(each.place
        ? {
            allocation: {
              alternative: 0,
              parts: [
                {
                  node: each.place.node,
                  tasks: [
                    {
                      rank: 0,
                      devices: each.place.devices.map((device) => ({ device, share: 1000 })),
                      cpus: "0-3",
                      counted: 0,
                      memory: 0,
                    },
                  ],
                },
              ],
            },
          }
        : {}),
      fences: each.started
        ? [
            { name: "devices", holds: true, how: "device cgroup (v2)" },
            { name: "cpus", holds: true, how: "cpuset" },
            { name: "memory", holds: false, how: "not asked for" },
          ]
        : [],
      output: each.started ? `/home/anna/jobs/${job.summary.id}/${gang}/output` : "",
      ...(each.ended && each.started
        ? { energy: 412_000 + gang * 900, busy_percent: 87.4, measured: each.ended - each.started }
        : {}),
      notes: [],
    };
  }

  results(job: FakeJob, first: number, most: number) {
    const gangs = job.gangs.length;
    const looked_at = Math.max(0, Math.min(most, 1000, gangs - first));
    const results = job.gangs.slice(first, first + looked_at).flatMap(({ letter, numbers }, i) => {
      if (letter !== "d" || !numbers) return [];
      return [{ gang: first + i, values: values_of(job, first + i), numbers }];
    });
    return { job: job.summary.id, first, gangs, looked_at, results };
  }

  bars(from: number, until: number): TimelineBar[] {
    const bars: TimelineBar[] = [];
    for (const job of this.jobs.values()) {
      const { id, name, owner } = job.summary;
      job.gangs.forEach((each, gang) => {
        if (each.started === undefined || each.place === undefined) return;
        const end = each.ended ?? each.started + (job.devices_each > 1 ? 130 : 75) * minute;
        if (end < from || each.started > until) return;
        bars.push({
          gang: { job: id, gang },
          attempt: 1,
          name,
          owner,
          from: each.started,
          until: end,
          phase: each.ended ? "ended" : "running",
          ...(each.ending ? { cause: each.ending.cause } : {}),
          ...devices_of(each.place),
        });
      });
      if (job.summary.expected === undefined || job.summary.phase !== "waiting") continue;
      const place = job.devices_each > 4 ? { node: 0, devices: [0, 1, 2, 3, 4, 5, 6, 7] } : { node: 1, devices: [0] };
      const start = job.summary.expected;
      bars.push({
        gang: { job: id, gang: 0 },
        attempt: 1,
        name,
        owner,
        from: start,
        until: start + 90 * minute,
        phase: "waiting",
        ...devices_of(place),
      });
    }
    return bars;
  }
}

function devices_of(place: { node: number; devices: number[] }) {
  return { devices: place.devices.map((device) => ({ node: place.node, device })), nodes: [place.node] };
}

export function idle_sample(): DeviceSample {
  return { busy_percent: 0, memory_used: 0.4 * GB, power: 96, temperature_celsius: 34, processes: [] };
}

export function values_of(job: FakeJob, gang: number): [string, string][] {
  const values: [string, string][] = [];
  let rest = gang;
  for (const axis of [...job.sweep].reverse()) {
    values.unshift([axis.name, axis.values[rest % axis.values.length]!]);
    rest = Math.floor(rest / axis.values.length);
  }
  return values;
}
