// What can be checked of a view's looks without eyes: contrast, width, names of what can be pressed.
import axe from "axe-core";
import type { Page } from "playwright-core";

/** Rules of WCAG 2.0 to 2.2, levels A and AA. */
const wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What axe-core finds that breaks one of them: the rule, where, and what it says of it. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async (tags) => {
    const found = await (window as unknown as { axe: typeof axe }).axe.run(document, {
      runOnly: { type: "tag", values: tags },
      // Nothing can run in the frame of a simulation, also no check.
      iframes: false,
      resultTypes: ["violations"],
    });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim()}`),
    );
  }, wcag);
}

/** Texts whose contrast is below WCAG 2.2 AA (4.5, or 3 where large), as "ratio text". */
export function low_contrast(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Colour = [number, number, number, number];
    const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    const parse = (text: string): Colour => {
      probe.clearRect(0, 0, 1, 1);
      probe.fillStyle = text;
      probe.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
      return [r!, g!, b!, a! / 255];
    };
    const over = (top: Colour, under: Colour): Colour => {
      const mix = (i: 0 | 1 | 2) => top[i] * top[3] + under[i] * (1 - top[3]);
      return [mix(0), mix(1), mix(2), 1];
    };
    const light = (colour: Colour) => {
      const [r, g, b] = colour.slice(0, 3).map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const ground_of = (element: Element): Colour => {
      const layers: Colour[] = [];
      for (let at: Element | null = element; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour[3] > 0) layers.push(colour);
        if (colour[3] === 1) break;
      }
      return layers.reverse().reduce<Colour>((under, top) => over(top, under), [255, 255, 255, 1]);
    };
    const found: string[] = [];
    for (const element of document.querySelectorAll("body *")) {
      const own = [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== "",
      );
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      if (!own || box.width === 0 || style.visibility === "hidden" || element.closest(":disabled, .unseen, .skip"))
        continue;
      const ground = ground_of(element);
      const text = over(parse(style.color), ground);
      const [high, low] = [light(text), light(ground)].sort((a, b) => b - a);
      const ratio = (high! + 0.05) / (low! + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${element.textContent!.trim().slice(0, 40)}`);
    }
    return [...new Set(found)];
  });
}

/** How far the page is wider than the window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Things that can be pressed or filled in and that a screen reader could not name. */
export function nameless(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        "a, button, input, select, textarea, canvas, [role=application], [role=log], dialog",
      ),
    ]
      .filter((element) => element.offsetParent !== null || element.tagName === "DIALOG")
      .filter((element) => {
        const labels =
          "labels" in element
            ? [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent).join("")
            : "";
        const words = (element.getAttribute("aria-label") ?? "") + element.textContent + labels;
        return words.trim() === "" && !(element.tagName === "CANVAS" && element.tabIndex < 0);
      })
      .map((element) => element.outerHTML.slice(0, 100)),
  );
}

/** What the Tab key reaches from the top of the page, until it comes around or `most` are seen. */
export async function tab_order(page: Page, most: number): Promise<string[]> {
  const seen: string[] = [];
  for (let i = 0; i < most; ++i) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return "";
      const ring = getComputedStyle(at);
      const visible = ring.outlineStyle !== "none" || at.closest(".file-edit") !== null;
      return `${visible ? "" : "UNSEEN "}${at.tagName} ${at.getAttribute("aria-label") ?? at.textContent?.trim().slice(0, 30) ?? ""}`;
    });
    if (here === "") break;
    seen.push(here);
  }
  return seen;
}
