// Numbers for people. What is not known is "–", never 0.
export const unknown = "–";

const sizes = ["B", "K", "M", "G", "T", "P"];

/** Powers of 1024, three digits: "79.6G". */
export function size(bytes: number | undefined | null): string {
  if (bytes === undefined || bytes === null) return unknown;
  let step = 0;
  let value = bytes;
  while (value >= 1024 && step < sizes.length - 1) {
    value /= 1024;
    ++step;
  }
  return (step === 0 || value >= 99.95 ? value.toFixed(0) : trim(value.toFixed(1))) + sizes[step];
}

function trim(number: string): string {
  return number.endsWith(".0") ? number.slice(0, -2) : number;
}

export function percent(value: number | undefined | null): string {
  return value === undefined || value === null ? unknown : `${Math.round(value)} %`;
}

/** "412 W", "12.4 kW". */
export function power(watts: number | undefined | null): string {
  if (watts === undefined || watts === null) return unknown;
  if (watts < 9999.5) return `${count(Math.round(watts))} W`;
  if (watts < 9.9995e6) return `${trim((watts / 1000).toFixed(1))} kW`;
  return `${trim((watts / 1e6).toFixed(2))} MW`;
}

/** "3.2 kWh", "840 J". */
export function energy(joules: number | undefined | null): string {
  if (joules === undefined || joules === null) return unknown;
  if (joules < 36_000) return `${count(Math.round(joules))} J`;
  const watt_hours = joules / 3600;
  return watt_hours < 1000 ? `${Math.round(watt_hours)} Wh` : `${trim((watt_hours / 1000).toFixed(1))} kWh`;
}

export function celsius(value: number | undefined | null): string {
  return value === undefined || value === null ? unknown : `${Math.round(value)} °C`;
}

/** 12345 as "12,345". */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** "1 gang", "2,000 gangs". */
export function many(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}

/** A length of time in microseconds with its two largest parts: "2h 5m", "340ms". */
export function span(us: number | undefined | null): string {
  if (us === undefined || us === null) return unknown;
  if (us < 0) return "-" + span(-us);
  const ms = us / 1000;
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, "m", seconds % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, "h", minutes % 60, "m");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** How long something has run by a clock that may lie a little before its start. */
export function since(start: number, now_us: number): string {
  return span(Math.max(0, now_us - start));
}

function two(large: number, large_unit: string, small: number, small_unit: string): string {
  return small === 0 ? `${large}${large_unit}` : `${large}${large_unit} ${small}${small_unit}`;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function digits(value: number): string {
  return String(value).padStart(2, "0");
}

/** A time of the reader's clock: "14:05" today, "27 Nov 14:05" this year, else "27 Nov 2025". */
export function clock(us: number | undefined | null, now_us: number): string {
  if (us === undefined || us === null) return unknown;
  const time = new Date(us / 1000);
  const now = new Date(now_us / 1000);
  const hour = `${digits(time.getHours())}:${digits(time.getMinutes())}`;
  if (time.toDateString() === now.toDateString()) return hour;
  const day = `${time.getDate()} ${months[time.getMonth()]}`;
  return time.getFullYear() === now.getFullYear() ? `${day} ${hour}` : `${day} ${time.getFullYear()}`;
}

/** The same to the second, for a title. */
export function exact(us: number | undefined | null): string {
  if (us === undefined || us === null) return "not known";
  const t = new Date(us / 1000);
  const day = `${t.getDate()} ${months[t.getMonth()]} ${t.getFullYear()}`;
  return `${day} ${digits(t.getHours())}:${digits(t.getMinutes())}:${digits(t.getSeconds())}`;
}

/** "5m ago", "in 2h". */
export function relative(us: number | undefined | null, now_us: number): string {
  if (us === undefined || us === null) return unknown;
  const away = us - now_us;
  if (Math.abs(away) < 1_000_000) return "now";
  return away > 0 ? `in ${span(away)}` : `${span(-away)} ago`;
}

/** How many CPUs a set like "0-3,8" names. */
export function cpus_in(set: string | undefined): number {
  if (!set) return 0;
  let sum = 0;
  for (const part of set.split(",")) {
    const [first, last] = part.split("-");
    const from = Number(first);
    const to = last === undefined ? from : Number(last);
    if (Number.isFinite(from) && Number.isFinite(to) && to >= from) sum += to - from + 1;
  }
  return sum;
}

/** "NVIDIA H100 80GB HBM3" as people say it: "H100 80GB". */
export function model(name: string | undefined): string {
  if (!name) return unknown;
  return name
    .replace(/^(NVIDIA|AMD|Intel(\(R\))?|Xilinx)\s+/i, "")
    .replace(/^(GeForce|Instinct|Data Center GPU|Tesla)\s+/i, "")
    .replace(/[\s-]+(HBM\d\w*|PCIe|SXM\d?)\b/gi, "")
    .replace(/-(\d+GB)/, " $1")
    .trim();
}
