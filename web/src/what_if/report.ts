// A page that `gang simulate` wrote, taken apart so that the content policy of the dashboard stands: its styles as text,
// the rest without anything that could run or ask for something. The policy allows no style that stands in a document;
// what the script here sets on a style sheet or an element it does allow.
export interface Report {
  css: string;
  html: string;
}

/** A style attribute waits under this name until it is set by the script. */
export const style_attribute = "data-style";

export function report_parts(page: string): Report {
  const css: string[] = [];
  const html = page
    .replace(/<script\b[\s\S]*?<\/script\s*>/gi, "")
    .replace(/<style\b[^>]*>([\s\S]*?)<\/style\s*>/gi, (_all, text: string) => {
      css.push(text);
      return "";
    })
    .replace(/<(?:meta|link|base)\b[^>]*>/gi, "")
    .replace(/(<[a-z][^<>]*?\s)style=/gi, `$1${style_attribute}=`);
  return { css: css.join("\n"), html };
}

/** The same styles where it is dark here, whatever the browser asks for, and where it is light. */
export function themed(css: string, dark: boolean): string {
  return css.replace(/\(\s*prefers-color-scheme\s*:\s*dark\s*\)/gi, dark ? "(min-width:0)" : "(max-width:0)");
}

/** An attribute that stays: none that runs something, and none that leads out of the page. */
export function may_stay(name: string, value: string): boolean {
  const lower = name.toLowerCase();
  if (lower.startsWith("on") || lower === "srcdoc" || lower === "srcset" || lower === "style") return false;
  const leads = ["href", "xlink:href", "src", "action", "formaction", "data", "poster", "ping", "background"];
  return !leads.includes(lower) || value.startsWith("#");
}
