// How quick the page is with 10,000 gangs and 1,000 devices, in headless Chromium: the first view, and each update.
import assert from "node:assert/strict";
import type { CDPSession, Page } from "playwright-core";
import { open_browser } from "./browser";
import { FakeService } from "./fake_service";
import type { FakeWorld } from "./fake_world";
import { large } from "./worlds";

const first_view_ms = 1000;
const update_ms = 50;
const seconds = 10;

const watch_first = `
  window.first = {};
  const look = () => {
    for (const [name, selector] of [["cluster", ".tile"], ["job", ".cells canvas[style]"], ["time", ".gantt canvas[style]"]])
      if (!(name in window.first) && document.querySelector(selector))
        requestAnimationFrame(() => requestAnimationFrame(() => (window.first[name] ??= performance.now())));
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
`;

async function script_ms(session: CDPSession): Promise<number> {
  const { metrics } = (await session.send("Performance.getMetrics")) as { metrics: { name: string; value: number }[] };
  return 1000 * metrics.find((metric) => metric.name === "ScriptDuration")!.value;
}

// Ends a hundred gangs a second and starts others, as a busy cluster would.
function churn(world: FakeWorld): ReturnType<typeof setInterval> {
  const sweep = world.jobs.get(1)!;
  return setInterval(() => {
    for (let i = 0; i < 10; ++i) {
      const running = sweep.gangs.findIndex((gang) => gang.letter === "r");
      const waiting = sweep.gangs.findIndex((gang) => gang.letter === "w");
      if (running < 0 || waiting < 0) return;
      world.end(sweep, running);
      world.start_somewhere(sweep, waiting);
    }
  }, 100);
}

// The median of a few: other programs run on the machine as well.
async function first_view(page: Page, root: string, name: string, address: string): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < 5; ++i) {
    await page.goto("about:blank");
    await page.goto(`${root}/${address}`);
    await page.waitForFunction(
      (view) => (window as unknown as { first: Record<string, number> }).first?.[view] !== undefined,
      name,
    );
    all.push(
      await page.evaluate((view) => (window as unknown as { first: Record<string, number> }).first[view]!, name),
    );
  }
  return all.sort((a, b) => a - b)[2]!;
}

async function measure(page: Page, session: CDPSession, root: string, name: string, address: string) {
  const first = await first_view(page, root, name, address);
  await page.waitForTimeout(3000);
  const samples: number[] = [];
  let before = await script_ms(session);
  for (let i = 0; i < seconds; ++i) {
    await page.waitForTimeout(1000);
    const now = await script_ms(session);
    samples.push(now - before);
    before = now;
  }
  samples.sort((a, b) => a - b);
  return { name, first, median: samples[Math.floor(samples.length / 2)]!, most: samples[samples.length - 1]! };
}

async function main() {
  const world = large();
  const service = new FakeService(world, process.env.PAGE!);
  const root = await service.start();
  const browser = await open_browser({ viewport: { width: 1920, height: 1080 } });
  await browser.page.addInitScript(watch_first);
  const session = await browser.context.newCDPSession(browser.page);
  await session.send("Performance.enable");
  await browser.page.goto(`${root}/#token=secret`);
  await browser.page.waitForSelector(".tile");
  const timer = churn(world);
  const views: [string, string][] = [
    ["cluster", "#/cluster"],
    ["job", "#/job/1"],
    ["time", "#/time"],
  ];
  console.log("10,000 gangs, 1,000 devices, 100 gangs end each second; headless Chromium at 1920 x 1080");
  console.log("view      first view   script time of a second of updates (median, most)");
  const all = [];
  for (const [name, address] of views) {
    const seen = await measure(browser.page, session, root, name, address);
    all.push(seen);
    const tiles = await browser.page.locator(".tile").count();
    const words = `${name.padEnd(10)}${`${seen.first.toFixed(0)} ms`.padStart(8)}     ${seen.median.toFixed(1)} ms, ${seen.most.toFixed(1)} ms`;
    console.log(name === "cluster" ? `${words}   (${tiles} tiles)` : words);
  }
  clearInterval(timer);
  await browser.close();
  await service.stop();
  assert.deepEqual(browser.trouble, []);
  for (const seen of all) {
    assert.ok(seen.first < first_view_ms, `first view of ${seen.name}: ${seen.first} ms`);
    assert.ok(seen.median < update_ms, `update of ${seen.name}: ${seen.median} ms`);
  }
}

await main();
