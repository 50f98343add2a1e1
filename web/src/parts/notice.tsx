// What a view says where it has nothing (yet) to show.
import type { Refusal } from "../live/api";

export function Trouble(props: { trouble: Refusal | undefined; has_value: boolean }) {
  if (!props.trouble || (props.has_value && props.trouble.status === 0)) return null;
  return (
    <p class="notice bad-text" role="alert">
      {props.trouble.what}
      {props.trouble.hint !== "" && <span class="muted"> {props.trouble.hint}</span>}
    </p>
  );
}

export function Empty(props: { words: string }) {
  return <p class="notice muted">{props.words}</p>;
}
