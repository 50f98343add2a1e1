// Light, dark, or as the system has it.
import { useState } from "preact/hooks";

const key = "gangline-theme";
const themes = ["auto", "light", "dark"] as const;
type Theme = (typeof themes)[number];
const names: Record<Theme, string> = { auto: "as the system", light: "light", dark: "dark" };
const signs: Record<Theme, string> = { auto: "◐", light: "○", dark: "●" };

function kept(): Theme {
  const said = localStorage.getItem(key);
  return themes.find((theme) => theme === said) ?? "auto";
}

function apply(theme: Theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  dispatchEvent(new Event("theme"));
}

apply(kept());

export function ThemeSwitch() {
  const [theme, set] = useState<Theme>(kept);
  const turn = () => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length]!;
    if (next === "auto") localStorage.removeItem(key);
    else localStorage.setItem(key, next);
    apply(next);
    set(next);
  };
  return (
    <button
      class="quiet"
      onClick={turn}
      aria-label={`Colours: ${names[theme]}. Change`}
      title={`Colours: ${names[theme]}`}
    >
      <span aria-hidden="true">{signs[theme]}</span>
    </button>
  );
}
