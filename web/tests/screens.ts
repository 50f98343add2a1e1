// Draws each view of the lab, narrow and wide, light and dark. usage: node screens.mjs PAGE_FILES OUT [NAME]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open_browser } from "./browser";
import { FakeService } from "./fake_service";
import { read_png, with_palette } from "./png";
import { lab } from "./worlds";

const [files, out, only] = process.argv.slice(2) as [string, string, string?];
const views: [string, string][] = [
  ["cluster", "#/cluster"],
  ["device", "#/cluster/0/5"],
  ["jobs-waiting", "#/jobs/waiting"],
  ["jobs-running", "#/jobs/running"],
  ["jobs-ended", "#/jobs/ended"],
  ["new-job", "#/jobs/new"],
  ["job", "#/job/9/53"],
  ["job-failed", "#/job/3"],
  ["results", "#/job/16"],
  ["time", "#/time"],
  ["what-if", "#/what-if"],
];
const sizes = { wide: { width: 1920, height: 1080 }, narrow: { width: 400, height: 800 } };

async function main() {
  mkdirSync(out, { recursive: true });
  const service = new FakeService(lab(), files);
  const ago = (minutes: number) => service.world.clock() - minutes * 60e6;
  service.simulations = [
    { id: 1, state: "done", options: ["--backtest", "--policy", "easy,fgd"], started: ago(64), ended: ago(63) },
    {
      id: 2,
      state: "running",
      options: ["--add", "2:hpc1", "--scale-arrivals", "1.3"],
      started: ago(1),
      progress: 0.62,
    },
  ];
  const root = await service.start();
  for (const [size, viewport] of Object.entries(sizes))
    for (const colorScheme of ["light", "dark"] as const) {
      const browser = await open_browser({ viewport, colorScheme, reducedMotion: "reduce" });
      await browser.page.goto(`${root}/#token=secret`);
      await browser.page.waitForSelector(".tile");
      for (const [name, address] of views) {
        const file = `${name}-${size}-${colorScheme}.png`;
        if (only && !file.includes(only)) continue;
        await browser.page.evaluate((to) => (location.hash = to), address);
        await browser.page.waitForTimeout(900);
        if (name === "results") await show_results(browser.page);
        if (name === "new-job") await fill(browser.page);
        writeFileSync(join(out, file), with_palette(read_png(await browser.page.screenshot())));
      }
      for (const line of browser.trouble) console.log(`${size} ${colorScheme}: ${line}`);
      await browser.close();
    }
  await service.stop();
}

async function show_results(page: import("playwright-core").Page) {
  await page.getByRole("tab", { name: "Results" }).click();
  await page.getByRole("button", { name: "accuracy" }).click();
  await page.locator(".result-chart [role=application]").focus();
  await page.keyboard.press("End");
  await page.evaluate(() => document.querySelector(".job-main")!.scrollIntoView());
  await page.evaluate(() => scrollBy(0, -110));
  await page.waitForTimeout(300);
}

async function fill(page: import("playwright-core").Page) {
  await page.fill("#field-command", "python3 train.py --lr {lr}");
  await page.fill("#field-name", "resnet");
  await page.fill("#field-gpus", "one");
  await page.fill("#field-time", "2h");
  await page.waitForTimeout(700);
}

await main();
