// The sweep values of a gang, in words. Pure.
import type { JobSpec, Text } from "../base/model";
import { plain, short } from "../base/text";

/** Values of gang `index`: the last axis varies fastest. Empty where a split takes part, whose shards are not known here. */
export function sweep_values(spec: JobSpec, index: number): { name: string; value: Text }[] {
  const axes = spec.sweep ?? [];
  const combinations = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (axes.length === 0 || index >= combinations) return [];
  const values: { name: string; value: Text }[] = [];
  let rest = index;
  for (const axis of [...axes].reverse()) {
    values.unshift({ name: axis.name, value: axis.values[rest % axis.values.length]! });
    rest = Math.floor(rest / axis.values.length);
  }
  return values;
}

export function values_words(values: { name: Text; value: Text }[] | undefined): string {
  if (!values || values.length === 0) return "";
  return ` · ${values.map((each) => `${plain(each.name)} = ${short(each.value, 40)}`).join(", ")}`;
}
