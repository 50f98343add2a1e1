// The page of a simulation inside this one. It stands in a frame in which nothing can run: the sandbox allows no script,
// the content policy no script of a page's own, and what could be one is taken out before. Names of jobs stand in it.
import { useEffect, useRef } from "preact/hooks";
import { useTheme } from "../parts/colours";
import { may_stay, report_parts, style_attribute, themed, type Report } from "./report";

const empty_page = "<!doctype html><html lang=en><title>A simulation</title><body></body></html>";
const never = "script, style, link, meta, base, iframe, frame, object, embed, form, template, noscript, audio, video";

export function ReportFrame(props: { page: string; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const sheet = useRef<{ report: Report; sheet: CSSStyleSheet; document: Document } | undefined>(undefined);
  const theme = useTheme();
  useEffect(() => {
    const element = frame.current!;
    // A document of a blob has the content policy of this page, and its own address, so that links within it work.
    const address = URL.createObjectURL(new Blob([empty_page], { type: "text/html" }));
    const loaded = () => {
      const inside = element.contentDocument;
      if (inside?.URL.split("#")[0] !== address) return;
      const report = report_parts(props.page);
      sheet.current = { report, sheet: fill(inside, report), document: inside };
      put_theme(sheet.current);
    };
    element.addEventListener("load", loaded);
    element.src = address;
    return () => {
      element.removeEventListener("load", loaded);
      URL.revokeObjectURL(address);
      sheet.current = undefined;
    };
  }, [props.page]);
  useEffect(() => {
    if (sheet.current) put_theme(sheet.current);
  }, [theme]);
  // The same origin, so that this page can fill it; without allow-scripts that lets nothing in it out.
  return <iframe ref={frame} class="report" sandbox="allow-same-origin" title={props.title} />;
}

function put_theme(of: { report: Report; sheet: CSSStyleSheet; document: Document }) {
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  const dark = scheme === "dark";
  of.sheet.replaceSync(themed(of.report.css, dark));
  of.document.documentElement.style.colorScheme = dark ? "dark" : "light";
}

// Puts the report into an empty document; the sheet that its styles belong into.
function fill(inside: Document, report: Report): CSSStyleSheet {
  const parsed = new DOMParser().parseFromString(report.html, "text/html");
  for (const element of parsed.querySelectorAll(never)) element.remove();
  const styled: [HTMLElement, string][] = [];
  for (const element of parsed.body.querySelectorAll("*"))
    for (const { name, value } of [...element.attributes]) {
      if (name === style_attribute) styled.push([element as HTMLElement, value]);
      if (name === style_attribute || !may_stay(name, value)) element.removeAttribute(name);
    }
  inside.body.replaceWith(inside.adoptNode(parsed.body));
  for (const [element, text] of styled) element.style.cssText = text;
  const Sheet = (inside.defaultView as unknown as typeof globalThis).CSSStyleSheet;
  const sheet = new Sheet();
  inside.adoptedStyleSheets = [sheet];
  return sheet;
}
