// The worlds of the tests: a lab with something of everything, and one that is as large as is promised.
import type { Ending } from "../src/base/model";
import { FakeWorld, GB } from "./fake_world";

const minute = 60e6;
const hour = 60 * minute;

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i + 1));
}

/** A lab: nodes of several makers, one that is unreachable, people from outside, jobs in all states. */
export function lab(): FakeWorld {
  const world = new FakeWorld();
  const now = world.clock();
  world.add_node("hpc1", Array(8).fill("NVIDIA H100 80GB HBM3"), {
    ports: [{ card: "mlx5_0", port: 1, layer: "InfiniBand" }],
  });
  world.nodes[0]!.sample!.ports = [{ state: "ACTIVE", rate: "400 Gb/sec (4X NDR)" }];
  world.add_node("hpc2", Array(4).fill("NVIDIA A100-SXM4-40GB"));
  add_sliced(world);
  add_amd(world);
  world.add_node("desk", [], { cpus: "0-15", memory: 64 * GB, cpu_model: "AMD Ryzen 9", driver: "" });
  world.nodes[4]!.sample!.packages = [];
  world.add_node("hpc7", Array(4).fill("NVIDIA A100-SXM4-40GB"), { up: false, notes: ["not heard of since 12:40"] });
  for (const sample of world.nodes[5]!.sample!.devices!)
    Object.assign(sample, {
      busy_percent: undefined,
      memory_used: undefined,
      power: undefined,
      temperature_celsius: undefined,
    });
  add_slurm(world);
  add_past(world, now);
  add_present(world, now);
  add_digits(world, now);
  for (let i = 0; i < 12; ++i) world.read();
  return world;
}

function add_sliced(world: FakeWorld) {
  const view = world.add_node("lab3", [
    "NVIDIA A100 80GB PCIe",
    "NVIDIA A100 80GB PCIe MIG 3g.40gb",
    "NVIDIA A100 80GB PCIe MIG 3g.40gb",
  ]);
  const [whole, one, other] = view.node.devices!;
  whole!.allottable = false;
  for (const slice of [one!, other!]) Object.assign(slice, { parent: 0, memory: 40 * GB, power_limit: undefined });
  view.node.links = [{ a: 1, b: 2, kind: "same-board", lanes: 0 }];
  for (const i of [1, 2]) view.sample!.devices![i] = { memory_used: 0.2 * GB, processes: [] };
}

function add_amd(world: FakeWorld) {
  const view = world.add_node("amd1", ["AMD Instinct MI250X", "AMD Instinct MI250X"], {
    driver: "6.7.0",
    notes: ["the power of gpu 1 cannot be read: permission denied"],
  });
  for (const device of view.node.devices!) Object.assign(device, { vendor: "amd", memory: 64 * GB, power_limit: 500 });
  view.sample!.devices![1] = { busy_percent: 0, memory_used: 31 * GB, temperature_celsius: 51 };
  view.use![1]!.foreign = "pid 4242 (python3) of eve";
  view.sample!.devices![1]!.processes = [{ pid: 4242, memory: 31 * GB, user: "eve", command: "python3 notebook.py" }];
}

function add_slurm(world: FakeWorld) {
  const view = world.add_node("gpu-a-017", [], {
    elsewhere: true,
    cpus: "",
    counted: 64,
    memory: 512 * GB,
    driver: "",
    place: ["row2", "rack5"],
  });
  view.sample = undefined;
  view.placed = {
    at: world.clock(),
    state: "drained: bad fan",
    partitions: [
      { name: "gpu", is_default: true, up: true },
      { name: "night", up: true },
    ],
    cpus_held: 0,
    memory_held: 0,
    devices: [{ model: "a100", count: 4, held: 0 }],
    devices_held: [],
  };
  const other = world.add_node("gpu-a-018", [], {
    elsewhere: true,
    cpus: "",
    counted: 64,
    memory: 512 * GB,
    driver: "",
    place: ["row2", "rack5"],
  });
  other.sample = undefined;
  other.placed = {
    ...view.placed,
    state: "mixed",
    cpus_held: 24,
    memory_held: 96 * GB,
    devices: [{ model: "a100", count: 4, held: 3 }],
    devices_held: [],
  };
}

function add_past(world: FakeWorld, now: number) {
  const names = ["resnet", "tokenise", "eval", "resnet", "diffusion", "probe", "llama-sft", "eval"];
  names.forEach((name, i) => {
    const ago = (9 - i) * 38 * minute;
    const job = world.submit(name, {
      owner: i % 3 === 1 ? "bert" : "anna",
      submitted: now - ago - 6 * minute,
      devices_each: (i % 2) + 1,
    });
    world.start(job, 0, i % 2, i % 2 === 0 ? [4 + (i % 4)] : [1 + (i % 2), 2 + (i % 2)], ago);
    world.end(
      job,
      0,
      endings[i] ?? { cause: "done", exit_code: 0, peak_memory: 9.4 * GB },
      now - ago + (18 + 5 * i) * minute,
    );
    job.log = "epoch 1 loss 2.31\nepoch 2 loss 1.77\n";
  });
}

const trace = `Traceback (most recent call last):
  File "eval.py", line 41, in <module>
    model = load(path)
FileNotFoundError: [Errno 2] No such file or directory: 'best.pt'
`;
const endings: Record<number, Ending> = {
  2: { cause: "failed", rank: 0, exit_code: 1, detail: "rank 0 ended with exit code 1", last_lines: trace },
  5: {
    cause: "out-of-memory",
    rank: 0,
    signal: 9,
    detail: "it wanted more memory than the 16G it asked for",
    last_lines: "",
  },
  6: { cause: "stopped", detail: "stopped by anna" },
};

function add_present(world: FakeWorld, now: number) {
  const sweep = world.submit("lr-sweep", {
    command: "python3 train.py --lr {lr} --seed {seed}",
    submitted: now - 60 * minute,
    sweep: [
      { name: "lr", values: ["0.3", "0.1", "0.03", "0.01", "0.003"] },
      { name: "seed", values: numbers(24) },
    ],
  });
  sweep.reason = "all 8 H100 of hpc1 are held; the first is free at 18:20 at the latest";
  for (let gang = 0; gang < 52; ++gang) {
    world.start(sweep, gang, 0, [gang % 4], (58 - gang) * minute);
    const bad = gang % 17 === 5;
    world.end(
      sweep,
      gang,
      bad
        ? { cause: "failed", exit_code: 1, detail: "rank 0 ended with exit code 1", last_lines: "loss is nan\n" }
        : { cause: "done", exit_code: 0 },
      now - (56 - gang) * minute,
    );
  }
  for (let gang = 52; gang < 56; ++gang) world.start(sweep, gang, 0, [gang - 52], 4 * minute);
  sweep.log = training_log(40);
  const big = world.submit("llama-sft", {
    command: "torchrun train.py",
    owner: "bert",
    submitted: now - 2 * hour,
    devices_each: 4,
    request: "4 tasks, each 1 gpu and 8 cpus",
  });
  world.start(big, 0, 0, [4, 5, 6, 7], hour);
  big.log = training_log(400);
  const shared = world.submit("notebook", {
    command: "gang shell",
    owner: "carl",
    submitted: now - 30 * minute,
    request: "0.5 gpus and 2 cpus",
  });
  world.start(shared, 0, 2, [1], 29 * minute);
  world.nodes[2]!.use![1]!.gangs![0]![1] = 500;
  world.start(world.submit("embed", { owner: "carl", submitted: now - 20 * minute }), 0, 1, [0], 18 * minute);
  const wide = world.submit("wide", {
    owner: "anna",
    submitted: now - 25 * minute,
    devices_each: 8,
    request: "8 tasks, each 1 gpu and 8 cpus",
    expected: now + 80 * minute,
  });
  wide.reason = "it needs 8 GPUs on one node: hpc1 has 8, of which job 10 holds 4 and job 9 holds 4";
  const late = world.submit("ablation <b>bold</b>", {
    owner: "bert",
    submitted: now - 5 * minute,
    expected: now + 170 * minute,
  });
  late.reason = "wide goes first, and what is free is kept for it";
  const never = world.submit("report", { owner: "anna", submitted: now - 4 * minute, request: "1 cpu" });
  never.reason = "it comes after job 10 (llama-sft), which runs";
  for (const job of [sweep, wide, late, never]) world.count(job);
}

// A sweep that is over and whose gangs wrote how well they did.
function add_digits(world: FakeWorld, now: number) {
  const rates = ["1", "0.3", "0.1", "0.03", "0.01", "0.003", "0.001"];
  const job = world.submit("digits", {
    command: "python3 digits.py --lr {lr} --optimiser {optimiser} --seed {seed} > {output}",
    submitted: now - 9 * hour,
    sweep: [
      { name: "lr", values: rates },
      { name: "optimiser", values: ["sgd", "adam"] },
      { name: "seed", values: numbers(4) },
    ],
  });
  job.gangs.forEach((gang, i) => {
    gang.started = now - 9 * hour + i * minute;
    const off = Math.log10(Number(rates[i >> 3])) + (i % 8 < 4 ? 1 : 2.2);
    const accuracy = 0.981 - 0.05 * off * off - 0.012 * world.random();
    gang.numbers = [
      ["accuracy", Number(accuracy.toFixed(4))],
      ["loss", Number((4 * (1 - accuracy)).toFixed(5))],
      ["epochs", 20 + (i % 5)],
    ];
    const bad = i === 4 || i === 6;
    world.end(job, i, { cause: bad ? "failed" : "done", exit_code: bad ? 1 : 0 }, gang.started + 12 * minute);
  });
}

export function training_log(steps: number): string {
  const lines = ["\u001b[1mGangline example\u001b[0m on 4 devices", "loading /data/imagenet … done in 12.4 s"];
  for (let i = 1; i <= steps; ++i) {
    lines.push(
      `step ${String(i).padStart(5)}  loss \u001b[36m${(2.4 / Math.sqrt(i) + 0.3).toFixed(4)}\u001b[0m  ${(1800 + (i % 7) * 13).toFixed(0)} img/s`,
    );
    if (i % 25 === 0) lines.push(`\u001b[33mwarning\u001b[0m: gradient norm clipped to 1.0`);
    if (i % 100 === 0) lines.push(`\u001b[32mcheckpoint\u001b[0m written to ckpt/${i}.pt`);
  }
  return lines.join("\n") + "\n";
}

/** 1,000 devices on 125 nodes, a sweep of 10,000 gangs, 400 jobs more. */
export function large(): FakeWorld {
  const world = new FakeWorld();
  const now = world.clock();
  for (let i = 0; i < 125; ++i)
    world.add_node(`n${String(i + 1).padStart(3, "0")}`, Array(8).fill("NVIDIA H100 80GB HBM3"), {
      place: [`row${Math.floor(i / 32) + 1}`],
    });
  const sweep = world.submit("sweep", {
    command: "python3 train.py --lr {lr} --seed {seed}",
    submitted: now - 5 * hour,
    sweep: [
      { name: "lr", values: numbers(100) },
      { name: "seed", values: numbers(100) },
    ],
  });
  sweep.reason = "all 1,000 GPUs are held";
  const bare_count = world.count;
  world.count = () => {};
  for (let gang = 0; gang < 6000; ++gang) {
    Object.assign(sweep.gangs[gang]!, {
      letter: gang % 97 === 0 ? "f" : "d",
      started: now - 4 * hour,
      ended: now - 3 * hour,
      ending: { cause: gang % 97 === 0 ? "failed" : "done" },
    });
  }
  for (let gang = 6000; gang < 6700; ++gang) world.start_somewhere(sweep, gang, 20 * minute);
  for (let i = 0; i < 280; ++i) {
    const job = world.submit(`job-${i}`, { owner: `user${i % 12}`, submitted: now - i * minute });
    world.start_somewhere(job, 0, i * minute);
    bare_count.call(world, job);
  }
  for (let i = 0; i < 120; ++i) {
    const job = world.submit(`later-${i}`, { owner: `user${i % 12}`, submitted: now - i * minute, devices_each: 8 });
    job.reason = "all 1,000 GPUs are held";
    bare_count.call(world, job);
  }
  world.count = bare_count;
  world.count(sweep);
  sweep.log = training_log(3000);
  for (let i = 0; i < 3; ++i) world.read();
  return world;
}
