// What the service says, as src/json/view_fields.h and fields.h write it. Times are microseconds since 1970
// UTC, spans microseconds, sizes bytes. What is empty is left out, so most members may be missing.

export type Phase = "waiting" | "starting" | "running" | "ended";

/** Text, or bytes that are no UTF-8. */
export type Text = string | { hex: string };

export interface GangId {
  job: number;
  gang: number;
}

export interface DeviceId {
  node: number;
  device: number;
}

export interface Ending {
  cause: string;
  rank?: number;
  exit_code?: number;
  signal?: number;
  detail?: Text;
  last_lines?: Text;
  cpu_time?: number;
  peak_memory?: number;
}

export interface JobSummary {
  id: number;
  name: Text;
  owner: string;
  queue: string;
  phase: Phase;
  gangs: number;
  waiting: number;
  starting: number;
  running: number;
  ended_well: number;
  ended_badly: number;
  never_ran: number;
  submitted: number;
  started?: number;
  ended?: number;
  expected?: number;
  ending?: Ending;
  request?: string;
  taken?: string;
  reason?: Text;
}

export interface DeviceShare {
  device: number;
  share: number;
}
export interface TaskPlace {
  rank: number;
  devices?: DeviceShare[];
  cpus?: string;
  counted?: number;
  memory?: number;
}
export interface NodePart {
  node: number;
  tasks: TaskPlace[];
}
export interface Allocation {
  alternative: number;
  parts: NodePart[];
}
export interface Fence {
  name: string;
  holds: boolean;
  how: string;
}
/** Its name and its value. */
export type EnvVar = [Text, Text];

export interface GangView {
  id: GangId;
  attempt: number;
  phase: Phase;
  gather?: boolean;
  values?: EnvVar[];
  started?: number;
  ended?: number;
  ending?: Ending;
  allocation?: Allocation;
  fences?: Fence[];
  output?: Text;
  energy?: number;
  busy_percent?: number;
  measured?: number;
  notes?: Text[];
}

export interface Command {
  shell: boolean;
  words: Text[];
}
export interface JobSpec {
  name: Text;
  command: Command;
  resources: { tasks: number };
  time?: number;
  queue?: string;
  priority?: number;
  retries?: number;
  after?: string[];
  dir?: Text;
  sweep?: { name: string; values: Text[] }[];
  checkpoint?: boolean;
  gather?: Command;
}

export interface JobDetail {
  summary: JobSummary;
  spec: JobSpec;
  gangs: GangView[];
  first_gang?: number;
  energy?: number;
}

export interface WhyAnswer {
  job: number;
  phase: Phase;
  reason?: Text;
  expected?: number;
  expected_because?: Text;
  suggestions?: { change: string; start: number }[];
  run_guessed?: string;
}

export interface Device {
  kind: string;
  vendor?: string;
  model?: string;
  uid: string;
  memory?: number;
  pci_address?: string;
  numa_node?: number;
  parent?: number;
  allottable?: boolean;
  present?: boolean;
  power_limit?: number;
}
export interface DeviceProcess {
  pid: number;
  memory?: number;
  user?: string;
  command?: Text;
}
export interface DeviceSample {
  busy_percent?: number;
  memory_used?: number;
  power?: number;
  temperature_celsius?: number;
  processes?: DeviceProcess[];
  state?: string;
}
export interface DeviceUse {
  gangs?: [GangId, number][];
  foreign?: Text;
  leased?: boolean;
  set_aside?: string[];
}
export interface Link {
  a: number;
  b: number;
  kind: string;
  lanes?: number;
}
export interface ClusterNode {
  name: string;
  cpu_model?: string;
  cpus?: string;
  counted?: number;
  memory?: number;
  devices?: Device[];
  links?: Link[];
  ports?: { card: string; port: number; layer?: string }[];
  up?: boolean;
  elsewhere?: boolean;
  until?: number;
  place?: string[];
  driver?: string;
  notes?: Text[];
}
export interface PlacedNode {
  at: number;
  state: string;
  partitions?: { name: string; is_default?: boolean; up?: boolean; longest?: number }[];
  cpus_held?: number;
  memory_held?: number;
  devices?: { model?: string; count: number; held: number }[];
  devices_held?: number[];
}
export interface NodeView {
  id: number;
  node: ClusterNode;
  sample?: {
    at: number;
    devices?: DeviceSample[];
    packages?: { power?: number }[];
    ports?: { state?: string; rate?: string }[];
  };
  use?: DeviceUse[];
  cpus_taken?: string;
  counted_taken?: number;
  memory_taken?: number;
  set_aside?: string[];
  placed?: PlacedNode;
}

export interface LogChunk {
  bytes: Text;
  from: number;
  size: number;
  dropped?: number;
}

export interface Readings {
  at: number[];
  devices: {
    device: DeviceId;
    uid?: string;
    busy_percent: (number | null)[];
    memory_bytes: (number | null)[];
    power_watts: (number | null)[];
  }[];
}

export interface TimelineBar {
  gang: GangId;
  attempt?: number;
  name?: Text;
  owner?: string;
  from: number;
  /** Of what has not ended: when its time is up. */
  until?: number;
  phase: Phase;
  cause?: string;
  devices?: DeviceId[];
  nodes?: number[];
}
export interface Timeline {
  now: number;
  bars: TimelineBar[];
  cut?: boolean;
}

/** A letter for each gang from `first` on: see job/grid.ts. */
export interface Cells {
  job: number;
  first?: number;
  gangs?: number;
  cells: string;
}

/** What a gang that ended well wrote to its {output}, and the sweep values it got. */
export interface GangResult {
  gang?: number;
  values?: EnvVar[];
  numbers?: [string, number][];
}
export interface JobResults {
  job: number;
  first?: number;
  gangs?: number;
  looked_at?: number;
  results?: GangResult[];
}

export interface FeedEntry {
  number?: number;
  at?: number;
  kind: string;
  job?: number;
  gang?: number;
  count?: number;
}

export interface Status {
  version: string;
  started?: number;
  waiting: number;
  running: number;
  ended: number;
  jobs: number;
  trouble?: Text;
  notes?: Text[];
  way?: string;
}

export type Role = "read" | "submit" | "operate";
export interface WhoAmI {
  token: string;
  role: Role;
  login: string;
  version: string;
}

export interface Mistake {
  what: string;
  where?: string;
  line?: number;
  try?: string;
  hint?: string;
}

export interface Submitted {
  id: number;
  gangs: number;
  note?: string;
}
