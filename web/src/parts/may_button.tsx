// A button of something that not everybody may do: where this token may not, it is off and says why.
import type { ComponentChildren } from "preact";

interface Props {
  /** Why it is off; empty: it is not. */
  off: string;
  press?: () => void;
  submits?: boolean;
  class?: string;
  label?: string;
  children: ComponentChildren;
}

// Not `disabled`: the keyboard still reaches it, and what reads the page aloud tells its reason.
export function MayButton(props: Props) {
  const off = props.off !== "";
  const press = (event: Event) => {
    if (off) event.preventDefault();
    else props.press?.();
  };
  return (
    <button
      type={props.submits ? "submit" : "button"}
      class={props.class}
      aria-label={props.label}
      aria-disabled={off ? "true" : undefined}
      title={off ? props.off : undefined}
      onClick={press}
    >
      {props.children}
    </button>
  );
}
