// What each view shows and does, in a browser against a pretended service.
import assert from "node:assert/strict";
import { test } from "node:test";
import { low_contrast, nameless, overflow } from "./audit";
import { addresses, anew, browser, go, root, said, service } from "./stage";

test("the token leaves the address, and without a valid one a form asks for it", async () => {
  const { page } = browser;
  await page.goto(`${root}/#token=secret`);
  await page.waitForSelector(".tile");
  assert.equal(new URL(page.url()).hash, "#/cluster");
  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Open" }).click();
  await said("This token is not valid");
  await page.getByLabel("Token").fill("secret");
  await page.getByRole("button", { name: "Open" }).click();
  await page.waitForSelector(".tile");
});

test("a token that is withdrawn while the page is open leads to the form", async () => {
  await anew();
  service.token = "another";
  await said("This token is not valid");
});

test("no view asks another host, breaks the content policy, or writes an error", async () => {
  await anew();
  for (const address of addresses) {
    await go(address);
    await browser.page.waitForTimeout(600);
  }
  assert.deepEqual(browser.trouble, []);
});

test("the cluster shows who is on each device, and what is unknown as unknown", async () => {
  await anew();
  const tile = browser.page.locator(".node", { hasText: "hpc1" }).locator(".tile").nth(4);
  await said("lr-sweep");
  assert.match((await tile.textContent())!, /10\.0 llama-sft/);
  await tile.getByText("fences 2/3").waitFor();
  assert.match((await tile.getByText("fences 2/3").getAttribute("title"))!, /^devices holds: device cgroup \(v2\)\n/);
  const slice = browser.page.locator(".node", { hasText: "lab3" }).locator(".tile").nth(1);
  assert.match((await slice.textContent())!, /busy–/);
  assert.match(
    (await browser.page.locator(".node", { hasText: "amd1" }).textContent())!,
    /pid 4242 \(python3\) of eve/,
  );
  assert.match((await browser.page.locator(".node", { hasText: "gpu-a-017" }).textContent())!, /drained: bad fan/);
  await tile.hover();
  assert.match(
    (await browser.page.locator(".node", { hasText: "hpc1" }).locator(".tile").nth(5).textContent())!,
    /NVLink ×18/,
  );
  await browser.page.getByLabel("Which nodes").selectOption("foreign");
  assert.equal(await browser.page.locator(".node").count(), 1);
});

test("readings are new each second, and a tile stays the same element", async () => {
  await anew();
  const tile = await browser.page.$(".tile");
  const text = await tile!.textContent();
  await browser.page.waitForFunction(
    ([element, old]) => (element as Element).textContent !== old,
    [tile, text] as const,
    { timeout: 4000 },
  );
  assert.equal(await tile!.evaluate((element) => element.isConnected), true);
});

test("a job is submitted from the form, watched, its log opened and followed, and stopped", async () => {
  const { page } = browser;
  await anew("#/jobs/running");
  await page.getByRole("link", { name: "New job" }).click();
  await page.getByLabel("Command").fill("python3 train.py");
  await page.getByLabel("Name", { exact: true }).fill("from-the-form");
  await page.getByLabel("GPUs", { exact: true }).fill("one");
  await said("gpus must be a number, not a text");
  assert.equal(await page.getByLabel("GPUs", { exact: true }).getAttribute("aria-invalid"), "true");
  await page.getByLabel("GPUs", { exact: true }).fill("1");
  await said("No mistakes.");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: "from-the-form" }).waitFor();
  assert.equal(service.submits.size, 1);
  const job = [...service.world.jobs.values()].pop()!;
  service.world.start(job, 0, 1, [2]);
  job.log = "\u001b[32mhello\u001b[0m <b>there</b>\n";
  await page.locator(".job-head .state.running").waitFor({ timeout: 3000 });
  await said("hello");
  assert.equal(await page.locator(".log .fg2").first().textContent(), "hello");
  assert.equal(await page.locator(".log b").count(), 0);
  job.log += "second line\n";
  await said("second line", 3000);
  await page.getByLabel("Search in the log").fill("SECOND");
  await said("1 of 1");
  await page.getByRole("button", { name: "Stop…" }).click();
  await page.getByRole("button", { name: "Leave it" }).click();
  assert.equal(job.summary.phase, "running");
  await page.getByRole("button", { name: "Stop…" }).click();
  await page.getByRole("button", { name: "Stop it" }).click();
  await page.locator(".job-head .state.stopped").waitFor({ timeout: 3000 });
});

/** A job that runs and has written `lines` lines of 64 bytes; those whose number `marks` takes say "needle". */
async function job_with_log(lines: number, marks: (line: number) => boolean) {
  await anew();
  const job = service.world.submit("long-log");
  job.log = Array.from(
    { length: lines },
    (_, i) => `${String(i).padStart(8)} ${marks(i) ? "Needle" : "hay..."}`.padEnd(63) + "\n",
  ).join("");
  service.world.start(job, 0, 1, [2]);
  await go(`#/job/${job.summary.id}`);
  await said("Show more");
  return job;
}

test("a log is searched in all of it, and each line found is gone to by keys, wherever it lies", async () => {
  const { page } = browser;
  const job = await job_with_log(100_000, (i) => i % 30_000 === 10);
  const marked = () => page.locator(".log .hit").textContent();
  const at = (line: number) =>
    page.waitForFunction((wanted) => document.querySelector(".log .hit")?.textContent?.includes(wanted), ` ${line} `);
  await page.locator("[role=log]").focus();
  await page.keyboard.press("/");
  await page.keyboard.type("needle");
  await at(10);
  await said("1 of 4");
  await said("6.1M searched: in 4 lines.");
  await said("To its end");
  await page.keyboard.press("Enter");
  await at(30_010);
  await said("2 of 4");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.press("Shift+Enter");
  await at(90_010);
  await page.locator("[role=log]").focus();
  await page.keyboard.press("n");
  await at(10);
  await page.keyboard.press("Shift+N");
  await at(90_010);
  const box = (await page.locator(".log .hit").boundingBox())!;
  const view = (await page.locator("[role=log]").boundingBox())!;
  assert.ok(box.y >= view.y && box.y + box.height <= view.y + view.height, "the line is not in sight");
  job.log += "a late needle\n";
  await said("4 of 5");
  assert.match((await marked())!, /90010/);
  await page.getByRole("button", { name: "To its end" }).click();
  await said("a late needle");
  await page.getByLabel("Search in the log").fill("nowhere");
  await said("6.1M searched: not there.");
});

test("a search can be stopped, says what it searched, and goes on", async () => {
  const { page } = browser;
  const job = await job_with_log(150_000, (i) => i === 149_000);
  service.slow_log = 400;
  await page.getByLabel("Search in the log").fill("needle");
  await page.getByRole("button", { name: "Stop searching" }).click();
  await said(/^Stopped\. \dM of 9\.2M were searched: not there\.$/);
  service.slow_log = 0;
  await page.getByRole("button", { name: "Go on" }).click();
  await said("9.2M searched: in one line.");
  assert.equal(job.log.length, 150_000 * 64);
});

test("a search in a log of tens of MB never keeps the page from answering", async () => {
  const { page } = browser;
  await job_with_log(600_000, (i) => i % 1000 === 7);
  await page.evaluate(() => {
    const seen = window as unknown as { longest: number };
    seen.longest = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration);
    }).observe({ type: "longtask" });
  });
  const begin = Date.now();
  await page.getByLabel("Search in the log").fill("needle");
  await said("36.6M searched: in 600 lines.", 20_000);
  const longest = await page.evaluate(() => (window as unknown as { longest: number }).longest);
  console.log(`36.6M searched in ${Date.now() - begin} ms, the longest task ${longest.toFixed(0)} ms`);
  assert.ok(longest < 250, `one task took ${longest} ms`);
});

test("a pasted job file shows each mistake at its line, and is submitted as it stands", async () => {
  const { page } = browser;
  await anew("#/jobs/new");
  await page.getByRole("tab", { name: "Job file" }).click();
  await page.locator("#job-file").fill('name = "x"\ncomand = "true"\n');
  await said("line 2:");
  await said("unknown key 'comand'; did you mean 'command'?");
  await page.locator("#job-file").fill('name = "pasted"\ncommand = "true"\n');
  await said("No mistakes.");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: "pasted" }).waitFor();
});

test("what happens is on the screen within a second", async () => {
  await anew("#/jobs/waiting");
  await said("report");
  const took: number[] = [];
  for (let i = 0; i < 5; ++i) {
    await browser.page.waitForTimeout(900 + 170 * i);
    const begin = Date.now();
    service.world.submit(`just-came-${i}`);
    await said(`just-came-${i}`, 5000);
    took.push(Date.now() - begin);
  }
  took.sort((a, b) => a - b);
  console.log(`on the screen after ${took.join(", ")} ms`);
  assert.ok(took[2]! < 1000, `it took ${took.join(", ")} ms`);
});

test("a job of which no gang runs yet and one is starting is among those that run", async () => {
  await anew("#/jobs/running");
  await said("embed");
  const job = service.world.submit("just-starting");
  job.gangs[0]!.letter = "s";
  service.world.count(job);
  service.world.tell("starting", job.summary.id, 0);
  const row = browser.page.locator("tr", { hasText: "just-starting" });
  await row.waitFor({ timeout: 3000 });
  assert.equal(await row.locator(".state.starting").textContent(), "starting");
});

test("the tabs above the jobs say, also to who does not see them, that they count gangs", async () => {
  await anew("#/jobs/ended");
  const tab = browser.page.getByRole("link", { name: /^Ended [\d,]+ gangs$/ });
  await tab.waitFor();
  assert.match((await tab.innerText()).replace(/\s+/g, " "), /^Ended [\d,]+ gangs$/);
});

test("how long a job runs stands once on its page, and goes on", async () => {
  await anew("#/jobs/running");
  const job = service.world.submit("just-begun");
  service.world.start(job, 0, 1, [2]);
  await go(`#/job/${job.summary.id}`);
  const runs = browser.page.locator("dl div", { hasText: "Runs for" }).locator("dd");
  await runs.first().waitFor();
  assert.equal(await runs.count(), 1);
  await runs.getByText(/^1s$/).waitFor({ timeout: 3000 });
  await runs.getByText(/^2s$/).waitFor({ timeout: 3000 });
});

test("of a sweep its own time and its gangs' go on together", async () => {
  await anew("#/jobs/running");
  const job = service.world.submit("two", { sweep: [{ name: "lr", values: ["1", "2"] }] });
  service.world.start(job, 0, 1, [2]);
  await go(`#/job/${job.summary.id}/0`);
  const runs = browser.page.locator("dl div", { hasText: "Runs for" }).locator("dd");
  await browser.page.waitForFunction(() => document.querySelectorAll(".gang-facts dd").length > 1);
  for (let i = 0; i < 10; ++i) {
    let [gang, whole] = await runs.allTextContents();
    // Between the drawing of one and the other.
    if (gang !== whole) [gang, whole] = await runs.allTextContents();
    assert.equal(gang, whole);
    await browser.page.waitForTimeout(170);
  }
});

test("rows do not move while one is pointed at", async () => {
  const { page } = browser;
  await anew("#/jobs/running");
  const names = () => page.locator(".jobs .name").allTextContents();
  await said("embed");
  const shown = await names();
  await page.locator(".jobs tbody tr").nth(1).hover();
  const job = service.world.submit("newcomer");
  service.world.start(job, 0, 1, [1]);
  await said("1 change held back while you point at the list");
  assert.deepEqual(await names(), shown);
  await page.mouse.move(5, 5);
  await said("newcomer", 2000);
});

test("a service that is killed and started again: the page says so, comes back, and shows the truth", async () => {
  await anew("#/jobs/running");
  await said("embed");
  await service.stop();
  await said("The connection is lost", 3000);
  await said("embed");
  const job = [...service.world.jobs.values()].find((each) => each.summary.name === "embed")!;
  service.world.on_entry = () => {};
  service.world.end(job, 0);
  await service.start();
  await browser.page.waitForFunction(() => !document.querySelector(".banner"), undefined, { timeout: 20_000 });
  await browser.page.waitForFunction(
    () => ![...document.querySelectorAll(".jobs .name")].some((cell) => cell.textContent!.includes("embed")),
    undefined,
    { timeout: 5000 },
  );
});

test("another store after a restart: everything is shown anew", async () => {
  await anew("#/jobs/running");
  await said("embed");
  service.world.submit("soon-forgotten");
  await browser.page.waitForTimeout(300);
  await service.stop();
  service.world.store = "fake2";
  service.world.entries = [];
  for (const job of service.world.jobs.values()) if (job.summary.name === "embed") job.summary.name = "renamed";
  await service.start();
  await said("renamed", 20_000);
});

test("a service that is gone behind the gateway is told, and what was seen stays", async () => {
  await anew("#/cluster");
  service.set_gone(true);
  await said("The service is not there at the moment");
  assert.ok((await browser.page.locator(".tile").count()) > 10);
  service.set_gone(false);
  await browser.page.waitForFunction(() => !document.querySelector(".banner"));
});

test("HTML in names is shown as text", async () => {
  await anew("#/jobs/waiting");
  await said("ablation <b>bold</b>");
  assert.equal(await browser.page.locator(".jobs td b").count(), 0);
});

test("a service that runs no simulations is said to, with the command that does", async () => {
  await anew("#/what-if");
  await browser.page.getByLabel("fgd").check();
  await browser.page.getByLabel("So many times as many jobs").fill("1.3");
  await said("gang simulate --backtest --policy fgd --scale-arrivals 1.3");
  await said("This service does not run simulations from the page");
});

test("a what-if is run, its progress shown and its page saved", async () => {
  const { page } = browser;
  await anew("#/cluster");
  service.simulations = [];
  await go("#/what-if");
  await page.getByLabel("fgd").check();
  await page.getByRole("button", { name: "Run" }).click();
  await said("running 40 %");
  const [run] = service.simulations;
  assert.deepEqual(run!.options, ["--backtest", "--policy", "fgd"]);
  Object.assign(run!, { state: "done", ended: service.world.clock() });
  await page.getByRole("status").getByText("Simulation 1 is done").waitFor({ state: "attached" });
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save simulation 1" }).click();
  assert.equal((await saving).suggestedFilename(), "simulation-1.html");
});

/** A page as `gang simulate` writes it, but whose writer forgot to make text of names. */
const hostile_page = `<!doctype html><html lang=en><head><meta charset=utf-8><style>:root{--bg:#fff}
@media(prefers-color-scheme:dark){:root{--bg:#123}}body{background:var(--bg)}h1{color:rgb(1,2,3)}</style></head><body>
<nav><a href="#far">Far</a></nav><h1 id=top style="margin-left:7px">What if</h1>
<p id=name><img src=x onerror="parent.hit='image'"><svg onload="parent.hit='svg'"></svg>
<a id=run href="javascript:parent.hit='link'">run</a><a id=out href="https://example.com/">out</a>
<iframe srcdoc="<script>top.hit='frame'</script>"></iframe><object data="https://example.com/"></object>
<script>parent.hit='script';document.title=parent.sessionStorage.getItem('gangline-token')</script></p>
<div style="height:4000px"></div><h2 id=far>The end</h2></body></html>`;

test("the page of a simulation is shown in a frame in which nothing runs, and its links work", async () => {
  const { page } = browser;
  await anew("#/cluster");
  service.simulation_page = hostile_page;
  service.simulations = [{ id: 1, state: "done", options: ["--policy", "fgd"], started: 1e6, ended: 2e6 }];
  await go("#/what-if");
  await page.getByRole("link", { name: "Show simulation 1" }).press("Enter");
  await page.getByRole("heading", { name: "Simulation 1 --policy fgd" }).waitFor();
  assert.equal(new URL(page.url()).hash, "#/what-if/1");
  const inside = page.frameLocator("iframe.report");
  await inside.getByRole("heading", { name: "What if" }).waitFor();
  const looks = () =>
    page.evaluate(() => {
      const frame = document.querySelector<HTMLIFrameElement>("iframe.report")!;
      const heading = frame.contentDocument!.querySelector("h1")!;
      const style = frame.contentWindow!.getComputedStyle(heading);
      const ground = frame.contentWindow!.getComputedStyle(frame.contentDocument!.body).backgroundColor;
      return [style.color, style.marginLeft, ground, frame.getAttribute("sandbox")];
    });
  assert.deepEqual(await looks(), ["rgb(1, 2, 3)", "7px", "rgb(255, 255, 255)", "allow-same-origin"]);
  const colours = page.getByRole("button", { name: /^Colours/ });
  while (!(await colours.getAttribute("aria-label"))!.includes("dark")) await colours.click();
  await page.waitForFunction(() => {
    const inside = document.querySelector<HTMLIFrameElement>("iframe.report")!.contentDocument!;
    return inside.defaultView!.getComputedStyle(inside.body).backgroundColor === "rgb(17, 34, 51)";
  });
  await page.evaluate(() => localStorage.removeItem("gangline-theme"));
  await inside.getByRole("link", { name: "Far" }).click();
  await page.waitForFunction(
    () => document.querySelector<HTMLIFrameElement>("iframe.report")!.contentWindow!.scrollY > 3000,
  );
  await page.evaluate(() => {
    const inside = document.querySelector<HTMLIFrameElement>("iframe.report")!.contentDocument!;
    for (const id of ["run", "out"]) inside.getElementById(id)!.click();
    inside.body.insertAdjacentHTML("beforeend", "<img src=x>");
  });
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => (window as unknown as { hit?: string }).hit), undefined);
  assert.deepEqual(
    page.frames().map((frame) => frame.url().split(":")[0]),
    ["http", "blob"],
  );
  // Not even parsed without a word: the browser says that it would not have run them.
  assert.deepEqual(
    browser.trouble.filter((each) => !each.startsWith("Executing inline event handler violates")),
    [],
  );
  browser.trouble.length = 0;
  await page.getByRole("link", { name: "Close this result" }).click();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Show simulation 1");
});

test("a script that came into the frame all the same would not run there", async () => {
  const { page } = browser;
  await anew("#/cluster");
  service.simulations = [{ id: 1, state: "done", options: [], started: 1e6, ended: 2e6 }];
  await go("#/what-if/1");
  await page.frameLocator("iframe.report").locator("body").waitFor({ state: "attached" });
  await page.evaluate(() => {
    const inside = document.querySelector<HTMLIFrameElement>("iframe.report")!.contentDocument!;
    for (const source of ["", "/app.js"]) {
      const script = inside.createElement("script");
      if (source === "") script.textContent = "top.hit = 'script'";
      else script.src = source;
      inside.body.append(script);
    }
    const image = inside.createElement("img");
    image.setAttribute("onerror", "top.hit = 'image'");
    image.src = "data:,";
    inside.body.append(image);
  });
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => (window as unknown as { hit?: string }).hit), undefined);
  browser.trouble.length = 0;
});

test("a result that is not kept any more, or not done, is said to be", async () => {
  await anew("#/cluster");
  service.simulations = [{ id: 2, state: "running", options: [], started: 1e6, progress: 0.1 }];
  await go("#/what-if/1");
  await said("It is not kept.");
  await go("#/what-if/2");
  await said("It is not done: running.");
});

/** A sweep that runs: two gangs have ended, one of them with a number. */
function sweep_that_runs(lr: string[]) {
  const job = service.world.submit("small-sweep", { sweep: [{ name: "lr", values: lr }] });
  for (const gang of [0, 1, 2]) Object.assign(job.gangs[gang]!, { letter: "r", started: service.world.clock() });
  job.gangs[0]!.numbers = [["accuracy", 0.9]];
  service.world.end(job, 0);
  service.world.end(job, 1);
  return job;
}

const result_gangs = () => browser.page.locator(".results tbody tr td:first-child").allTextContents();

test("results stand against the values of a sweep: sorted, drawn, walked by keys and opened by Enter", async () => {
  const { page } = browser;
  await anew("#/job/16");
  await page.getByRole("tab", { name: "Results" }).click();
  await page.locator(".results tbody tr").first().waitFor();
  assert.equal((await result_gangs()).length, 54);
  assert.deepEqual(await page.locator(".results th").allTextContents(), [
    "Gang ↑",
    "lr",
    "optimiser",
    "seed",
    "accuracy",
    "loss",
    "epochs",
  ]);
  const numbers = async (column: number) =>
    (await page.locator(`.results tbody td:nth-child(${column})`).allTextContents()).map(Number);
  await page.getByRole("button", { name: "accuracy" }).click();
  const best = await numbers(5);
  assert.deepEqual(
    best,
    [...best].sort((a, b) => b - a),
  );
  await page.getByRole("button", { name: "loss" }).click();
  const least = await numbers(6);
  assert.deepEqual(
    least,
    [...least].sort((a, b) => a - b),
  );
  await page.getByLabel("Chart").selectOption({ label: "loss" });
  const chart = page.getByRole("application");
  await chart.focus();
  await page.keyboard.press("Home");
  await said(/^gang \d+: loss [\d.]+ · lr = 0.001, optimiser = \w+, seed = \d$/);
  await page.keyboard.press("ArrowRight");
  const told = await page.locator("#result-told").textContent();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: new RegExp(`^Gang ${/\d+/.exec(told!)![0]}`) }).waitFor();
  assert.deepEqual(browser.trouble, []);
});

test("a point of the results tells its gang when it is pointed at", async () => {
  const { page } = browser;
  await anew();
  const job = sweep_that_runs(["0.1", "0.2", "0.3"]);
  await go(`#/job/${job.summary.id}`);
  await page.getByRole("tab", { name: "Results" }).click();
  // It is alone, and so in the middle.
  const box = (await page.locator(".result-chart .u-over").boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await said("gang 0: accuracy 0.9 · lr = 0.1");
  await page.mouse.move(box.x + 5, box.y + 5);
  await page.waitForFunction(() => document.querySelector("#result-told")!.textContent!.trim() === "");
});

test("results are asked for while they are looked at, and anew when a gang ends", async () => {
  const { page } = browser;
  await anew();
  const job = sweep_that_runs(["0.1", "0.2", "0.3"]);
  const asked = () => service.requests.filter((each) => each.includes("/results")).length;
  await go(`#/job/${job.summary.id}`);
  await page.getByRole("tab", { name: "Results" }).waitFor();
  assert.equal(asked(), 0);
  await page.getByRole("tab", { name: "Results" }).click();
  await page.locator(".results tbody tr").waitFor();
  assert.deepEqual(await result_gangs(), ["0"]);
  service.world.tell("started", job.summary.id, 2);
  await page.waitForTimeout(1500);
  assert.equal(asked(), 1);
  job.gangs[2]!.numbers = [["accuracy", 0.95]];
  service.world.end(job, 2);
  await page.locator(".results tbody tr").nth(1).waitFor({ timeout: 3000 });
  assert.deepEqual(await result_gangs(), ["0", "2"]);
  assert.equal(asked(), 2);
});

test("results are offered only of a sweep of which a gang ended well", async () => {
  const { page } = browser;
  await anew("#/job/9");
  await page.getByRole("tab", { name: "Results" }).click();
  await said("None of the gangs that ended well wrote numbers to {output}.");
  const fresh = service.world.submit("fresh", { sweep: [{ name: "lr", values: ["1", "2"] }] });
  for (const [job, name] of [
    [fresh.summary.id, "fresh"],
    [4, "resnet"],
  ] as const) {
    await go(`#/job/${job}`);
    await page.getByRole("heading", { name }).waitFor();
    assert.equal(await page.getByRole("tab", { name: "Results" }).count(), 0);
  }
});

test("of more than 1,000 gangs it is said whose results were looked at, and the others are a press away", async () => {
  const { page } = browser;
  await anew();
  const job = sweep_that_runs(Array.from({ length: 1200 }, (_, i) => String(i)));
  job.gangs[1100]!.numbers = [["accuracy", 0.8]];
  service.world.end(job, 1100);
  await go(`#/job/${job.summary.id}`);
  await page.getByRole("tab", { name: "Results" }).click();
  await said("1,000 of 1,200 gangs were looked at: 0 to 999");
  await page.getByRole("button", { name: "After" }).click();
  await said("200 of 1,200 gangs were looked at: 1,000 to 1,199");
  assert.deepEqual(await result_gangs(), ["1100"]);
});

for (const [width, colorScheme] of [
  [400, "dark"],
  [1920, "light"],
] as const)
  test(`results fit at ${width} pixels, and can be read in the ${colorScheme}`, async () => {
    const { page } = browser;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await anew("#/job/16");
    await page.getByRole("tab", { name: "Results" }).click();
    await page.locator(".result-chart canvas").waitFor();
    assert.ok((await overflow(page)) <= 0, `${await overflow(page)} pixels too wide`);
    assert.deepEqual(await low_contrast(page), []);
    assert.deepEqual(await nameless(page), []);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

test("of a long run the charts say from when there are readings, of one that is over why there are none", async () => {
  await anew();
  const job = service.world.submit("long");
  service.world.start(job, 0, 1, [2], 5 * 3600e6);
  await go(`#/job/${job.summary.id}`);
  await said(/^From .*\d\d:\d\d on: of what was before, since .*, there are no readings\. They are kept for 30 days/);
  assert.equal(await browser.page.locator(".chart").count(), 3);
  service.world.end(
    job,
    0,
    { cause: "done", exit_code: 0, cpu_time: 75e6, peak_memory: 3 * 2 ** 30 },
    service.world.clock() - 4 * 3600e6,
  );
  await said(/^There are no readings of its time\..* What it used in all stands above\.$/);
  const facts = await browser.page.locator(".gang-facts .facts").textContent();
  assert.match(facts!, /Devices busy87 %Their energy114 WhRead for1hCPU time1m 15sLargest process3G/);
});
