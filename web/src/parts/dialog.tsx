// A question or a closer look above the view: the browser's own dialog, which keeps the focus and closes by Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  label: string;
  close: () => void;
  wide?: boolean;
  /** Set where what opened it is about to go: the focus does not come back to it. */
  done?: { current: boolean };
  children: ComponentChildren;
}

export function Dialog(props: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current!;
    const before = document.activeElement;
    if (!element.open) element.showModal();
    return () => {
      if (element.open) element.close();
      const there = before instanceof HTMLElement && before.isConnected && before !== document.body;
      if (there && !props.done?.current) before.focus();
      else document.getElementById("main")?.focus();
    };
  }, []);
  // A click on what lies behind it closes it.
  const outside = (event: MouseEvent) => {
    if (event.target === dialog.current) props.close();
  };
  return (
    <dialog
      ref={dialog}
      class={props.wide ? "wide" : ""}
      aria-label={props.label}
      onCancel={(event) => {
        event.preventDefault();
        props.close();
      }}
      onClick={outside}
    >
      <div class="dialog-in">{props.children}</div>
    </dialog>
  );
}
