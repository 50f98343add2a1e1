// The page of a real `gang serve` in a browser: submit from the form, watch it run, open its log, stop it; the service
// killed and started meanwhile; a token withdrawn.
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { cpus_in } from "../src/base/format";
import { low_contrast, overflow, violations } from "./audit";
import { open_browser, type TestBrowser } from "./browser";

const gang = process.env.GANG!;
const nvml = join(dirname(gang), "fake_nvml/libnvidia-ml.so.1");
const folder = mkdtempSync(join(tmpdir(), "gangline-web-"));
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  GANGLINE_STATE: join(folder, "state"),
  GANGLINE_NVML: "",
  HOME: folder,
};
if (existsSync(nvml)) {
  environment.GANGLINE_NVML = nvml;
  environment.FAKE_NVML_FILE = join(process.cwd(), "../tests/fake_nvml/eight_gpus.txt");
}

let serve: ChildProcess;
let browser: TestBrowser;
let place: string;

function run(...words: string[]): string {
  return execFileSync(gang, words, { env: environment, cwd: folder, encoding: "utf8" });
}

function job_number(said: string): string {
  return /job (\d+)/.exec(said)![1]!;
}

function cpus_of_machine(): number {
  const [node] = JSON.parse(run("nodes", "--json")) as { node: { cpus: string } }[];
  return cpus_in(node!.node.cpus);
}

/** Starts `gang serve` and gives the address that it prints. */
async function start_serve(port = "0"): Promise<string> {
  serve = spawn(gang, ["serve", "-q", "--port", port], {
    env: environment,
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  for await (const part of serve.stdout!) {
    said += String(part);
    const found = /http:\/\/\S+/.exec(said);
    if (found) return found[0];
  }
  throw new Error(`gang serve ended, having said: ${said}`);
}

/** `gang serve` looks at the file of tokens now and then. */
async function until_known(token: string) {
  const end = Date.now() + 10_000;
  const ask = () => fetch(new URL("/v1/whoami", place), { headers: { Authorization: `Bearer ${token}` } });
  while (!(await ask()).ok) {
    assert.ok(Date.now() < end, "the token is not known");
    await new Promise((done) => setTimeout(done, 200));
  }
}

async function said(words: string | RegExp, within = 10_000) {
  await browser.page.getByText(words).first().waitFor({ timeout: within });
}

before(async () => {
  run("daemon", "start", "--stay");
  place = await start_serve();
  browser = await open_browser({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
});

after(async () => {
  await browser.close();
  serve.kill();
  run("daemon", "stop");
  rmSync(folder, { recursive: true, force: true });
});

test("the address that gang serve prints opens the cluster", async () => {
  await browser.page.goto(place);
  await browser.page.waitForSelector(".node h2");
  assert.equal(new URL(browser.page.url()).hash, "#/cluster");
  await said(/\d+ of \d+ CPUs?/);
});

test("a job is submitted from the form, watched, its log followed, and stopped", async () => {
  const { page } = browser;
  await page.goto(new URL("/#/jobs/new", place).href);
  await page
    .getByLabel("Command")
    .fill("echo begun; while :; do echo <i>tick</i>; sleep 0.3; done".replace("<i>tick</i>", "'<i>tick</i>'"));
  await page.getByLabel("Name", { exact: true }).fill("real <job>");
  await page.getByLabel("Longest time").fill("soon");
  await page.locator("#mistake-time").waitFor();
  await page.getByLabel("Longest time").fill("5m");
  await said("No mistakes.");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: "real <job>" }).waitFor();
  await page.locator(".job-head .state.running").waitFor();
  await said("begun");
  await said("<i>tick</i>");
  const lines = await page.locator(".log .line").count();
  await page.waitForFunction((before) => document.querySelectorAll(".log .line").length > before, lines, {
    timeout: 5000,
  });
  await page.getByRole("button", { name: "Stop…" }).click();
  await page.getByRole("button", { name: "Stop it" }).click();
  await page.locator(".job-head .state.stopped").waitFor();
});

test("a pasted sweep runs, its cells are drawn and its values shown", async () => {
  const { page } = browser;
  await page.goto(new URL("/#/jobs/new", place).href);
  await page.getByRole("tab", { name: "Job file" }).click();
  await page.locator("#job-file").fill('name = "sweep"\ncomand = "true"\n');
  await said("line 2:");
  await page.locator("#job-file").fill('name = "sweep"\ncommand = "echo value {n}"\n[sweep]\nn = "1..40"\n');
  await said("No mistakes.");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: "sweep", exact: true }).waitFor();
  await page.locator(".legend", { hasText: "40 done" }).waitFor({ timeout: 30_000 });
  await page.locator(".cells canvas").focus();
  for (const key of ["Home", "ArrowRight", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("heading", { name: /^Gang 1 · n = 2/ }).waitFor();
  await said("value 2");
});

test("each view opens without an error, at 400 pixels too, and every text can be read", async () => {
  const { page } = browser;
  for (const width of [400, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    for (const address of [
      "#/cluster",
      "#/jobs/waiting",
      "#/jobs/running",
      "#/jobs/ended",
      "#/job/2/1",
      "#/time",
      "#/what-if",
    ]) {
      await page.evaluate((to) => (location.hash = to), address);
      await page.waitForTimeout(700);
      assert.ok((await overflow(page)) <= 0, `${address} at ${width} is too wide`);
      assert.deepEqual(await low_contrast(page), [], address);
      assert.deepEqual(await violations(page), [], address);
      assert.equal(await page.locator("[role=alert]").count(), 0, address);
    }
  }
  assert.deepEqual(browser.trouble, []);
});

test("what failed says why, what waits says for what, and names are text whatever is in them", async () => {
  const { page } = browser;
  const name = "<img src=x onerror=alert(1)>";
  const write = "printf '\\033[31mred\\033[0m <b>no</b> \\001\\342\\200\\256\\n'; exit 3";
  const bad = job_number(run("submit", "--name", name, "--", "sh", "-c", write));
  await page.evaluate((to) => (location.hash = to), `#/job/${bad}`);
  await page.getByRole("heading", { name: "<img src=x onerror=alert(1)>" }).waitFor();
  await said("failed (exit 3)");
  await page.locator(".log .fg1", { hasText: "red" }).waitFor();
  await page.locator(".log .line", { hasText: "<b>no</b> \u2401‹U+202E›" }).waitFor();
  assert.equal(await page.locator("main img, main b > i").count(), 0);
  const cpus = String(cpus_of_machine());
  const first = job_number(run("submit", "--name", "holds-all", "--cpus", cpus, "--", "sleep", "600"));
  const next = job_number(run("submit", "--name", "waits", "--cpus", cpus, "--", "true"));
  await page.evaluate(() => (location.hash = "#/jobs/waiting"));
  await page.locator("tr", { hasText: "waits" }).getByText(`job ${first} holds`).waitFor();
  await page.evaluate((to) => (location.hash = to), `#/job/${next}`);
  await page.locator(".why", { hasText: `job ${first} holds` }).waitFor();
  run("stop", next);
  run("stop", first);
});

test("a log of MBs is searched in all of it", async () => {
  const { page } = browser;
  const write =
    "i=0; while [ $i -lt 40000 ]; do echo line $i ...............................; i=$((i+1)); done; sleep 600";
  const job = job_number(run("submit", "--name", "talks", "--", "sh", "-c", write));
  await page.evaluate((to) => (location.hash = to), `#/job/${job}`);
  await page.getByLabel("Search in the log").fill("line 39999 ");
  await said("1 of 1", 30_000);
  await page.getByLabel("Search in the log").fill("line 17 ");
  await page.locator(".log .hit", { hasText: "line 17 " }).waitFor();
  await said(/^1\.\dM searched: in one line\.$/);
  await page.getByRole("button", { name: "To its end" }).click();
  await page.locator(".log", { hasText: "line 39999 " }).waitFor();
  run("stop", job);
});

/** Presses Tab (or Shift+Tab) until the focus is on what has this name. */
async function tab_to(name: RegExp, key: "Tab" | "Shift+Tab" = "Tab") {
  const seen: string[] = [];
  for (let i = 0; i < 120; ++i) {
    await browser.page.keyboard.press(key);
    const here = await browser.page.evaluate(() => {
      const at = document.activeElement!;
      const labels = "labels" in at ? [...((at as HTMLInputElement).labels ?? [])].map((each) => each.textContent) : [];
      return [at.getAttribute("aria-label"), ...labels, at.textContent].find((words) => words?.trim())?.trim() ?? "";
    });
    if (name.test(here)) return;
    seen.push(here.slice(0, 30));
  }
  assert.fail(`${name} is not among ${seen.join(", ")}`);
}

test("by keys alone: a job is submitted, its log searched, and it is stopped", async () => {
  const { page } = browser;
  await page.goto(new URL("/#/jobs/running", place).href);
  await page.reload();
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  const keys = page.keyboard;
  await tab_to(/^New job$/);
  await keys.press("Enter");
  await page.getByRole("heading", { name: "New job" }).waitFor();
  await tab_to(/^Command$/);
  await keys.type("echo needle; while :; do sleep 0.3; done");
  await tab_to(/^Name$/);
  await keys.type("by-keys");
  await said("No mistakes.");
  await tab_to(/^Submit$/);
  await keys.press("Enter");
  await page.getByRole("heading", { name: "by-keys" }).waitFor();
  await page.locator(".log .line", { hasText: "needle" }).waitFor();
  await tab_to(/^Lines of the log$/);
  await keys.press("/");
  await keys.type("needle");
  await said("1 of 1");
  await page.locator(".log .hit").waitFor();
  await tab_to(/^Stop…$/, "Shift+Tab");
  await keys.press("Enter");
  await tab_to(/^Stop it$/);
  await keys.press("Enter");
  await page.locator(".job-head .state.stopped").waitFor();
});

test("a what-if runs on the history, its page is shown where nothing of it can run, and saved", async () => {
  const { page } = browser;
  browser.trouble.length = 0;
  await page.evaluate(() => (location.hash = "#/what-if"));
  await page.getByLabel("fifo").check();
  await page.getByLabel("Say how far").uncheck();
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByRole("link", { name: "Show simulation 1" }).click({ timeout: 60_000 });
  await shown_simulation();
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save this page" }).click();
  assert.equal((await saving).suggestedFilename(), "simulation-1.html");
  assert.deepEqual(browser.trouble, []);
});

// The page of simulation 1, with its own styles.
async function shown_simulation() {
  const inside = browser.page.frameLocator("iframe.report");
  await inside.getByRole("heading", { name: "this machine" }).waitFor();
  await inside.getByRole("link", { name: "Measures" }).click();
  const width = await inside.locator("body").evaluate((body) => getComputedStyle(body).maxWidth);
  assert.equal(width, "1680px");
}

test("the service is killed and started: the page says so, comes back, and shows the truth", async () => {
  const { page } = browser;
  await page.evaluate(() => (location.hash = "#/jobs/ended"));
  await said("sweep");
  const { pid } = JSON.parse(run("daemon", "status", "--json")) as { pid: number };
  process.kill(pid, "SIGKILL");
  // The gateway starts it again at once; where that is quicker than a look, nothing was to be said.
  await said(/The service is not there at the moment/, 3000).catch(() => undefined);
  run("submit", "--name", "after-the-kill", "--", "true");
  await said("after-the-kill", 30_000);
  await page.waitForFunction(() => !document.querySelector(".banner"), undefined, { timeout: 30_000 });
});

test("gang serve is killed and started on its port: the page asks for the new token", async () => {
  const { page } = browser;
  const port = new URL(place).port;
  serve.kill("SIGKILL");
  await said("The connection is lost");
  place = await start_serve(port);
  await said("This token is not valid", 30_000);
  await page.goto(place);
  await page.waitForSelector(".node h2");
  // What it kept is there again.
  await page.evaluate(() => (location.hash = "#/what-if/1"));
  await shown_simulation();
  await page.evaluate(() => (location.hash = "#/cluster"));
});

test("a token that is withdrawn while the page is open leads to the form", async () => {
  const { page } = browser;
  const token = run("token", "add", "visitor", "--role", "read", "-q").trim().split(/\s+/).pop()!;
  await until_known(token);
  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Open" }).click();
  await page.waitForSelector(".node h2");
  await page.evaluate(() => (location.hash = "#/jobs/ended"));
  await said("sweep");
  assert.equal(await page.getByRole("link", { name: "New job" }).count(), 0);
  assert.equal(await page.getByRole("button", { name: "New job" }).getAttribute("title"), "This token may only look.");
  run("token", "remove", "visitor");
  await said("This token is not valid", 15_000);
});
