// The page in a browser in a pretended world: what the tests of all views stand on.
import { after, before } from "node:test";
import { open_browser, type TestBrowser } from "./browser";
import { FakeService } from "./fake_service";
import { lab } from "./worlds";

export const addresses = [
  "#/cluster",
  "#/cluster/0/5",
  "#/jobs/waiting",
  "#/jobs/running",
  "#/jobs/ended",
  "#/jobs/new",
  "#/job/9/53",
  "#/job/3",
  "#/time",
  "#/what-if",
];

export let service: FakeService;
export let browser: TestBrowser;
export let root: string;

before(async () => {
  service = new FakeService(lab(), process.env.PAGE!);
  root = await service.start();
  browser = await open_browser({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
});

after(async () => {
  await browser.close();
  await service.stop();
});

/** A world of its own for the test, and the page in it. */
export async function anew(address = "#/cluster") {
  await browser.page.goto("about:blank");
  await service.stop();
  service = new FakeService(lab(), process.env.PAGE!);
  root = await service.start();
  browser.trouble.length = 0;
  await browser.page.goto(`${root}/#token=secret`);
  await browser.page.waitForSelector(".tile");
  await go(address);
}

export async function go(address: string) {
  await browser.page.evaluate((to) => (location.hash = to), address);
}

export async function said(words: string | RegExp, within = 5000) {
  await browser.page.getByText(words).first().waitFor({ timeout: within });
}
