// One of several ways to see the same: a list of tabs that arrow keys walk, as the ARIA Authoring Practices have it.
import { useRef } from "preact/hooks";

interface Props<T extends string> {
  /** Unique in the page: the panel's id, to which the tabs belong. */
  panel: string;
  label: string;
  tabs: [T, string][];
  here: T;
  choose: (tab: T) => void;
  class?: string;
}

export function Tabs<T extends string>(props: Props<T>) {
  const { tabs, here } = props;
  const list = useRef<HTMLDivElement>(null);
  const press = (event: KeyboardEvent) => {
    const at = tabs.findIndex(([tab]) => tab === here);
    const to = tab_after(at, tabs.length, event.key);
    if (to === null) return;
    event.preventDefault();
    props.choose(tabs[to]![0]);
    (list.current!.children[to] as HTMLElement).focus();
  };
  return (
    <div ref={list} class={`tabs ${props.class ?? ""}`} role="tablist" aria-label={props.label} onKeyDown={press}>
      {tabs.map(([tab, words]) => (
        <button
          key={tab}
          type="button"
          role="tab"
          id={tab_id(props.panel, tab)}
          aria-selected={tab === here}
          aria-controls={tab === here ? props.panel : undefined}
          tabIndex={tab === here ? 0 : -1}
          onClick={() => props.choose(tab)}
        >
          {words}
        </button>
      ))}
    </div>
  );
}

/** Of the tab that a panel is named by. */
export function tab_id(panel: string, tab: string): string {
  return `${panel}-${tab}`;
}

/** Where a key leads; null: it is no key of a list of tabs. */
export function tab_after(at: number, all: number, key: string): number | null {
  switch (key) {
    case "ArrowRight":
      return (at + 1) % all;
    case "ArrowLeft":
      return (at - 1 + all) % all;
    case "Home":
      return 0;
    case "End":
      return all - 1;
    default:
      return null;
  }
}
