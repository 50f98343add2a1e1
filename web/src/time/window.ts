// Which part of time is shown. Pure.
export interface Shown {
  seconds: number;
  /** By so many microseconds later than where now is at its usual place. */
  shift: number;
}

/** This part of the window lies before now. */
export const past_part = 0.7;
export const least_seconds = 60;
export const most_seconds = 60 * 24 * 3600;

/** Where the window begins. */
export function begin_of(shown: Shown, now: number): number {
  return now - shown.seconds * 1e6 * past_part + shown.shift;
}

/** `factor` times as much time, with the time `around` in its place. */
export function zoomed(shown: Shown, factor: number, around: number, now: number): Shown {
  const seconds = Math.min(most_seconds, Math.max(least_seconds, shown.seconds * factor));
  const part = (around - begin_of(shown, now)) / (shown.seconds * 1e6);
  const begin = around - part * seconds * 1e6;
  const shift = begin - now + seconds * 1e6 * past_part;
  // What follows the clock goes on to, whatever the last bit of a number says.
  return { seconds, shift: Math.abs(shift) < 1 ? 0 : shift };
}
