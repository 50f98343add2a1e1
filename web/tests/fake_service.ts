// Serves the built page and the REST interface of a pretended world, as `gang serve` would.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import type { JobSummary, Readings, Role } from "../src/base/model";
import { GB, type FakeJob, type FakeWorld } from "./fake_world";

const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  txt: "text/plain",
};
/** As the gateway sends it. */
export const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; frame-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export class FakeService {
  token = "secret";
  role: Role = "operate";
  /** The service behind the gateway does not answer. */
  gone = false;
  /** Milliseconds before a part of a log is answered. */
  slow_log = 0;
  requests: string[] = [];
  /** Left out: it runs none. */
  simulations:
    { id: number; state: string; options: string[]; started: number; progress?: number; ended?: number }[] | undefined;
  simulation_page = "<!doctype html><title>what if</title>";
  submits = new Map<string, number>();
  private server: Server | undefined;
  private sockets = new Set<Socket>();
  private streams = new Set<ServerResponse>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private port = 0;

  constructor(
    readonly world: FakeWorld,
    private files: string,
  ) {}

  async start(): Promise<string> {
    this.server = createServer((request, answer) => void this.answer(request, answer));
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    await new Promise<void>((done) => this.server!.listen(this.port, "127.0.0.1", done));
    this.port = (this.server.address() as AddressInfo).port;
    this.world.on_entry = () => this.send_entries();
    this.timer = setInterval(() => this.world.read(), 1000);
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends as if killed; `start` comes back on the same port. */
  async stop() {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server!.close(done));
    this.streams.clear();
  }

  /** The service went, or came back, behind a gateway that stays. */
  set_gone(gone: boolean) {
    this.gone = gone;
    for (const stream of this.streams) stream.write(`event: ${gone ? "gone" : "back"}\ndata: {}\n\n`);
  }

  private sent = new Map<ServerResponse, number>();
  private send_entries() {
    for (const stream of this.streams) {
      const from = this.sent.get(stream) ?? 0;
      for (const entry of this.world.entries.slice(from)) stream.write(event_text(this.world.store, entry));
      this.sent.set(stream, this.world.entries.length);
    }
  }

  private async answer(request: IncomingMessage, answer: ServerResponse) {
    const url = new URL(request.url!, "http://fake");
    answer.setHeader("Content-Security-Policy", policy);
    answer.setHeader("X-Content-Type-Options", "nosniff");
    answer.setHeader("X-Frame-Options", "DENY");
    if (!url.pathname.startsWith("/v1/")) return this.file(url.pathname, answer);
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return refuse(answer, 401, "denied", "this token is not known");
    let body = "";
    for await (const part of request) body += String(part);
    if (url.pathname === "/v1/events") return this.open_stream(request, answer);
    if (this.gone) return refuse(answer, 503, "unavailable", "the service does not answer");
    if (this.slow_log > 0 && url.pathname.endsWith("/log"))
      await new Promise((done) => setTimeout(done, this.slow_log));
    try {
      this.route(request, url, body, answer);
    } catch (trouble) {
      refuse(answer, 500, "broken", String(trouble));
    }
  }

  private file(path: string, answer: ServerResponse) {
    const name = path === "/" ? "index.html" : path.slice(1);
    try {
      if (!/^[\w.-]+$/.test(name)) throw new Error("no such file");
      const bytes = readFileSync(join(this.files, name));
      answer.writeHead(200, {
        "Content-Type": types[name.split(".").pop()!] ?? "application/octet-stream",
        "Cache-Control": "no-cache",
      });
      answer.end(bytes);
    } catch {
      answer.writeHead(404);
      answer.end();
    }
  }

  private open_stream(request: IncomingMessage, answer: ServerResponse) {
    answer.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    answer.write(": hello\n\n");
    this.streams.add(answer);
    answer.on("close", () => this.streams.delete(answer));
    const last = request.headers["last-event-id"];
    const [store, number] = String(last ?? "").split(/-(?=\d+$)/);
    if (last !== undefined && store !== this.world.store) {
      answer.write(`id: ${this.world.store}-${this.world.entries.length}\nevent: reset\ndata: {}\n\n`);
      this.sent.set(answer, this.world.entries.length);
    } else {
      this.sent.set(answer, last === undefined ? this.world.entries.length : Number(number));
      this.send_entries();
    }
    if (this.gone) answer.write("event: gone\ndata: {}\n\n");
  }

  private route(request: IncomingMessage, url: URL, body: string, answer: ServerResponse) {
    const words = url.pathname.slice(4).split("/");
    const what = `${request.method} ${words.map((word) => (/^\d+$/.test(word) ? "*" : word)).join("/")}`;
    const job = words[0] === "jobs" && words[1] !== undefined ? this.world.jobs.get(Number(words[1])) : undefined;
    if (words[0] === "jobs" && words.length > 1 && !job)
      return refuse(answer, 404, "not_found", `there is no job ${words[1]}`, "`gang list --all` shows all");
    switch (what) {
      case "GET whoami":
        return send(answer, { token: "anna's", role: this.role, login: "anna", version: "0.1.0" });
      case "GET status":
        return send(answer, this.status());
      case "GET nodes":
        return send(answer, this.world.nodes);
      case "GET jobs":
        return send(answer, this.list(url.searchParams));
      case "POST jobs":
        return this.submit(request, body, answer);
      case "POST check":
        return this.check(body, answer);
      case "GET jobs/*":
        return send(answer, this.detail(job!, url.searchParams));
      case "GET jobs/*/why":
        return send(answer, this.why(job!));
      case "GET jobs/*/cells":
        return send(answer, {
          job: job!.summary.id,
          first: 0,
          gangs: job!.gangs.length,
          cells: job!.gangs.map((gang) => gang.letter).join(""),
        });
      case "GET jobs/*/results": {
        const [first, most] = ["first", "most"].map((key) => Number(url.searchParams.get(key) ?? 0));
        return send(answer, this.world.results(job!, first!, most || 1000));
      }
      case "GET jobs/*/gangs/*":
        return send(answer, this.world.gang_view(job!, Number(words[3])));
      case "GET jobs/*/gangs/*/log":
        return send(answer, log_chunk(url.searchParams.has("stderr") ? "" : job!.log, url.searchParams));
      case "GET nodes/*/readings": {
        const node = this.world.nodes[Number(words[1])]!;
        const devices = url.searchParams.get("devices")?.split(",").map(Number) ?? node.node.devices!.map((_, i) => i);
        return send(answer, this.readings(node.id, devices, url.searchParams));
      }
      case "GET simulations":
        if (this.simulations) return send(answer, [...this.simulations].reverse());
        break;
      case "POST simulations":
        if (this.simulations) return send(answer, this.begin_simulation(body));
        break;
      case "GET simulations/*/page":
        answer.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Disposition": "attachment" });
        return answer.end(this.simulation_page);
      case "GET timeline": {
        const bars = this.world.bars(Number(url.searchParams.get("from")), Number(url.searchParams.get("until")));
        return send(answer, { now: this.world.clock(), bars, cut: false });
      }
      case "POST jobs/*/stop": {
        if (this.role === "read") return refuse(answer, 403, "denied", "this token may only look");
        const gang = url.searchParams.get("gang");
        this.world.stop(job!, gang === null ? undefined : Number(gang));
        return send(answer, job!.summary);
      }
    }
    return refuse(answer, 404, "not_found", `there is nothing at ${url.pathname}`);
  }

  private begin_simulation(body: string) {
    const { options } = JSON.parse(body) as { options: string[] };
    const run = {
      id: this.simulations!.length + 1,
      state: "running",
      options,
      started: this.world.clock(),
      progress: 0.4,
    };
    this.simulations!.push(run);
    return run;
  }

  private status() {
    const sum = { waiting: 0, running: 0, ended: 0 };
    for (const { summary } of this.world.jobs.values()) {
      sum.waiting += summary.waiting;
      sum.running += summary.running + summary.starting;
      sum.ended += summary.ended_well + summary.ended_badly + summary.never_ran;
    }
    return {
      version: "0.1.0",
      pid: 1,
      started: 0,
      state_dir: "/",
      ...sum,
      jobs: this.world.jobs.size,
      stays: true,
      trouble: "",
      notes: [],
      way: "",
    };
  }

  private list(query: URLSearchParams): JobSummary[] {
    const text = query.get("text") ?? "";
    const before = Number(query.get("before") ?? Infinity);
    const all = [...this.world.jobs.values()]
      .map((job) => job.summary)
      .filter(
        (job) =>
          (!query.has("phase") || job.phase === query.get("phase")) &&
          job.id < before &&
          (!query.has("queue") || job.queue === query.get("queue")) &&
          (String(job.name).includes(text) || job.owner.includes(text)),
      );
    const ranked = query.get("order") === "start" ? all : all.sort((a, b) => b.id - a.id);
    return ranked.slice(0, Number(query.get("limit") ?? 50));
  }

  private detail(job: FakeJob, query: URLSearchParams) {
    const first = Number(query.get("first") ?? 0);
    const rank = (letter: string) => "frswdxn".indexOf(letter);
    const order = job.gangs
      .map((_, i) => i)
      .sort((a, b) => rank(job.gangs[a]!.letter) - rank(job.gangs[b]!.letter) || a - b);
    const gangs = order
      .slice(first, first + Number(query.get("most") ?? 100))
      .map((gang) => this.world.gang_view(job, gang));
    const words = [job.command];
    return {
      summary: job.summary,
      spec: {
        name: job.summary.name,
        command: { shell: true, words },
        resources: { tasks: 1 },
        time: 6 * 3600e6,
        queue: job.summary.queue,
        priority: 0,
        retries: 0,
        after: [],
        dir: "/home/anna/project",
        sweep: job.sweep,
      },
      gangs,
      first_gang: first,
    };
  }

  private why(job: FakeJob) {
    return {
      job: job.summary.id,
      phase: job.summary.phase,
      reason: job.reason,
      ...(job.summary.expected ? { expected: job.summary.expected } : {}),
      expected_because: job.summary.expected ? "that is when the time of job 10 is up" : "what runs has no time limit",
      suggestions: job.summary.expected
        ? [{ change: "ask for 4 gpus instead of 8", start: this.world.clock() + 60e6 }]
        : [],
    };
  }

  // Those of the newest hour.
  private readings(node: number, devices: number[], query: URLSearchParams): Readings {
    const now = this.world.clock();
    const from = Number(query.get("from") ?? 0);
    const until = Number(query.get("until") ?? Infinity);
    const at = Array.from({ length: 240 }, (_, i) => now - (240 - i) * 15e6).filter((us) => us >= from && us <= until);
    const wave = (device: number, i: number, mean: number, by: number) =>
      mean + by * Math.sin(i / 9 + device) + (by / 3) * Math.sin(i * 1.7 + device);
    return {
      at,
      devices: devices.map((device) => ({
        device: { node, device },
        uid: `GPU-${device}`,
        busy_percent: at.map((_, i) => (i < 30 ? null : Math.round(Math.min(100, wave(device, i, 84, 11))))),
        memory_bytes: at.map((_, i) => (i < 30 ? null : Math.round(wave(device, i, 56 + device, 0.6) * GB))),
        power_watts: at.map((_, i) => (i < 30 ? null : Math.round(wave(device, i, 540, 60)))),
      })),
    };
  }

  // As much of a check as the tests need.
  private check(body: string, answer: ServerResponse) {
    const mistakes = mistakes_of(body);
    if (mistakes.length > 0) return send(answer, { mistakes }, 400);
    return send(answer, { spec: { name: value_in(body, "name") || "job" } });
  }

  private submit(request: IncomingMessage, body: string, answer: ServerResponse) {
    if (this.role === "read") return refuse(answer, 403, "denied", "this token may only look");
    const mistakes = mistakes_of(body);
    if (mistakes.length > 0)
      return send(answer, { kind: "usage", what: "the job file has mistakes", where: "", hint: "", mistakes }, 400);
    const key = String(request.headers["idempotency-key"] ?? "");
    const before = this.submits.get(key);
    if (before !== undefined) return send(answer, { id: before, gangs: 1 });
    const job = this.world.submit(value_in(body, "name") || "job", { command: value_in(body, "command") });
    this.submits.set(key, job.summary.id);
    return send(answer, { id: job.summary.id, gangs: 1 });
  }
}

function value_in(body: string, key: string): string {
  return new RegExp(`^${key}\\s*=\\s*"(.*)"`, "m").exec(body)?.[1] ?? "";
}

function mistakes_of(body: string) {
  const known = "name command dir tasks gpus model gpu_memory cpus memory time queue priority retries after".split(" ");
  const mistakes: { what: string; where: string; line: number; try: string }[] = [];
  body.split("\n").forEach((line, i) => {
    const key = /^(\w+)\s*=/.exec(line)?.[1];
    if (key && !known.includes(key) && !body.includes("[sweep]"))
      mistakes.push({
        what: `unknown key '${key}'`,
        where: `job:${i + 1}:1`,
        line: i + 1,
        try: "did you mean 'command'?",
      });
    if (key === "gpus" && line.includes('"'))
      mistakes.push({
        what: "gpus must be a number, not a text",
        where: `job:${i + 1}:10`,
        line: i + 1,
        try: "write it without quotes: gpus = 1",
      });
    if (key === "time" && !/"[\d.]+[smhd:]*/.test(line))
      mistakes.push({
        what: "time is no length of time",
        where: `job:${i + 1}:10`,
        line: i + 1,
        try: "write it like 90s, 15m, 2h",
      });
  });
  return mistakes;
}

export function log_chunk(log: string, query: URLSearchParams) {
  const bytes = Buffer.from(log);
  const from = Math.min(Number(query.get("from") ?? 0), bytes.length);
  const part = bytes.subarray(from, from + Number(query.get("most") ?? 1 << 20));
  const text = part.toString("utf8");
  return {
    bytes: Buffer.from(text).equals(part) ? text : { hex: part.toString("hex") },
    from,
    size: bytes.length,
    dropped: 0,
  };
}

function event_text(store: string, entry: { number?: number; kind: string }): string {
  return `id: ${store}-${entry.number}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`;
}

function send(answer: ServerResponse, value: unknown, status = 200) {
  answer.writeHead(status, { "Content-Type": "application/json" });
  answer.end(JSON.stringify(value));
}

function refuse(answer: ServerResponse, status: number, kind: string, what: string, hint = "") {
  send(answer, { kind, what, where: "", hint }, status);
}
