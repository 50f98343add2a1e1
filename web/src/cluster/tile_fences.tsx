// On a device's tile: how many of the fences of the gang that holds it hold.
import type { GangId, GangView } from "../base/model";
import { useLive } from "../live/hooks";
import { gang_rule } from "../live/rules";
import { fence_words } from "./standing";

export function TileFences(props: { gang: GangId }) {
  const { job, gang } = props.gang;
  // They stay as they are while it runs, so that no time makes them stale.
  const seen = useLive<GangView>(`/v1/jobs/${job}/gangs/${gang}`, { on: gang_rule(job, gang).on });
  const fences = seen.value?.fences ?? [];
  if (fences.length === 0) return null;
  const { words, title, open } = fence_words(fences);
  return (
    <span class={open ? "warn-text" : "muted"} title={title}>
      {words}
    </span>
  );
}
