// Colours of the style sheet for what is drawn on a canvas.
import { useEffect, useReducer } from "preact/hooks";

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Counts changes between light and dark. */
export function useTheme(): number {
  const [version, changed] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const turn = () => changed(null as never);
    media.addEventListener("change", turn);
    addEventListener("theme", turn);
    return () => {
      media.removeEventListener("change", turn);
      removeEventListener("theme", turn);
    };
  }, []);
  return version;
}

/** The width of an element, as it changes. */
export function watch_width(element: Element, changed: (width: number) => void): () => void {
  const watcher = new ResizeObserver((entries) => changed(entries[entries.length - 1]!.contentRect.width));
  watcher.observe(element);
  return () => watcher.disconnect();
}
