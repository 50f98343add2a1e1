// The sweep values of a gang, in words. Pure.
import type { EnvVar, JobSpec } from "../base/model";
import { plain, short } from "../base/text";

/** Values of gang `index`: the last axis varies fastest. Empty where a split takes part, whose shards are not known here. */
export function sweep_values(spec: JobSpec, index: number): EnvVar[] {
  const axes = spec.sweep ?? [];
  const combinations = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (axes.length === 0 || index >= combinations) return [];
  const values: EnvVar[] = [];
  let rest = index;
  for (const axis of [...axes].reverse()) {
    values.unshift([axis.name, axis.values[rest % axis.values.length]!]);
    rest = Math.floor(rest / axis.values.length);
  }
  return values;
}

export function values_words(values: EnvVar[] | undefined): string {
  if (!values || values.length === 0) return "";
  return ` · ${values.map(([name, value]) => `${plain(name)} = ${short(value, 40)}`).join(", ")}`;
}
