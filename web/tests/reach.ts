// Whether everybody reaches everything: by keys, at each width, light and dark, read aloud, with each kind of token.
import assert from "node:assert/strict";
import { test } from "node:test";
import { low_contrast, nameless, overflow, tab_order, violations } from "./audit";
import { addresses, anew, browser, go, said, service } from "./stage";

test("what a token may not do is off, and says why", async () => {
  const { page } = browser;
  await anew();
  service.role = "read";
  await page.reload();
  await page.waitForSelector(".tile");
  const off = async (name: string | RegExp) => {
    const button = page.getByRole("button", { name });
    assert.equal(await button.getAttribute("aria-disabled"), "true", String(name));
    assert.equal(await button.getAttribute("title"), "This token may only look.");
    await button.focus();
    await page.keyboard.press("Enter");
  };
  await go("#/jobs/running");
  await said("embed");
  await said("This token may only look. Nothing can be handed in or stopped with it.");
  await off("New job");
  await off("Stop job 9");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await go("#/job/9/53");
  await off("Stop…");
  await off("Stop this gang…");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await go("#/jobs/new");
  await page.getByLabel("Command").fill("true");
  await off("Submit");
  service.simulations = [];
  await go("#/what-if");
  await off("Run");
  assert.equal(service.requests.filter((each) => each.startsWith("POST")).length, 0);
});

test("with a token to submit, jobs of others are not stopped, and it says who may", async () => {
  const { page } = browser;
  await anew();
  service.role = "submit";
  const job = service.world.submit("of-bert", { owner: "bert" });
  await page.reload();
  await page.waitForSelector(".tile");
  await go(`#/job/${job.summary.id}`);
  await said("It is bert's: only bert, or a token with the role operate, may stop it.");
  await go("#/job/9");
  await page.getByRole("button", { name: "Stop…" }).click();
  await page.getByRole("dialog").waitFor();
});

test("gangs are walked by keys and opened by Enter", async () => {
  const { page } = browser;
  await anew("#/job/9");
  await page.locator(".cells canvas").focus();
  for (const key of ["End", "ArrowLeft", "ArrowUp", "Home", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  await said(/^gang 2: done · lr = 0.3, seed = 3/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Gang 2/ }).waitFor();
  assert.equal(new URL(page.url()).hash, "#/job/9/2");
});

test("the chart of devices against time is walked by keys and opened by Enter", async () => {
  const { page } = browser;
  await anew("#/time");
  await page.locator(".gantt").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await said(/^9\.53 lr-sweep of anna: runs since/);
  await page.keyboard.press("ArrowRight");
  await said(/^13\.0 wide of anna: promised a start by/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "wide" }).waitFor();
});

test("time is zoomed and moved by keys and buttons, and what was walked to stays in sight", async () => {
  const { page } = browser;
  await anew("#/time");
  const words = () => page.locator(".window-words").textContent();
  await page.locator(".gantt").focus();
  const pressed = (name: string) => page.getByRole("button", { name, exact: true }).getAttribute("aria-pressed");
  assert.equal(await pressed("6 hours"), "true");
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  assert.equal(await pressed("6 hours"), "false");
  const two_days = await words();
  await page.keyboard.press("Shift+ArrowLeft");
  await page.waitForFunction((old) => document.querySelector(".window-words")!.textContent !== old, two_days);
  assert.equal(await page.getByRole("button", { name: "Now" }).isDisabled(), false);
  await page.keyboard.press("0");
  assert.equal(await page.getByRole("button", { name: "Now" }).isDisabled(), true);
  for (let i = 0; i < 3; ++i) await page.getByRole("button", { name: "Zoom in" }).click();
  assert.equal(await pressed("6 hours"), "true");
  await page.getByRole("button", { name: "1 hour", exact: true }).click();
  await page.locator(".gantt").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Home");
  const told = await page.locator("#bar-told").textContent();
  assert.match(told!, /\d+\.\d+ /);
  assert.deepEqual(browser.trouble, []);
});

test("as a table time has the same gangs with the same facts", async () => {
  const { page } = browser;
  await anew("#/time");
  await page.getByLabel("As a table").check();
  assert.deepEqual(await page.locator(".bars th").allTextContents(), [
    "Gang",
    "Name",
    "Owner",
    "State",
    "From",
    "Until",
    "For",
    "Where",
  ]);
  const row = page.locator(".bars tr", { hasText: "lr-sweep" }).first();
  assert.match((await row.textContent())!, /^9\.\d+lr-sweepannaruns.*at the latest.*hpc1 \d$/);
  await page.locator(".bars tr", { hasText: "promised a start" }).first().waitFor();
});

test("a device opens by Enter, closes by Escape, and the focus comes back", async () => {
  const { page } = browser;
  await anew();
  await page.locator(".tile-open").nth(2).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await said("device cgroup");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("dialog"));
  await page
    .waitForFunction(() => document.activeElement?.className === "tile-open", undefined, { timeout: 2000 })
    .catch(async () => {
      assert.fail(`the focus is on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120))}`);
    });
});

for (const width of [400, 1920])
  test(`at ${width} pixels no view is wider than the window`, async () => {
    await anew();
    await browser.page.setViewportSize({ width, height: 900 });
    for (const address of addresses) {
      await go(address);
      await browser.page.waitForTimeout(500);
      assert.ok((await overflow(browser.page)) <= 0, `${address} is ${await overflow(browser.page)} pixels too wide`);
    }
    await browser.page.setViewportSize({ width: 1280, height: 900 });
  });

for (const colorScheme of ["light", "dark"] as const)
  test(`every text can be read, and everything has a name: ${colorScheme}`, async () => {
    await anew();
    await browser.page.emulateMedia({ colorScheme });
    for (const address of addresses) {
      await go(address);
      await browser.page.waitForTimeout(500);
      assert.deepEqual(await low_contrast(browser.page), [], address);
      assert.deepEqual(await nameless(browser.page), [], address);
    }
  });

/** What opens above or within a view, each from its address. */
const opened: [string, string, () => Promise<unknown>][] = [
  ["the question before a stop", "#/job/9", () => browser.page.getByRole("button", { name: "Stop…" }).click()],
  ["results", "#/job/16", () => browser.page.getByRole("tab", { name: "Results" }).click()],
  ["gangs as a table", "#/job/9", () => browser.page.getByRole("tab", { name: "Table" }).click()],
  ["time as a table", "#/time", () => browser.page.getByLabel("As a table").check()],
  ["a pasted file with a mistake", "#/jobs/new", paste_mistake],
  ["a form with a mistake", "#/jobs/new", () => browser.page.getByLabel("GPUs", { exact: true }).fill("one")],
  ["a search in a log", "#/job/9/53", () => browser.page.getByLabel("Search in the log").fill("loss")],
  ["a result of a simulation", "#/what-if/1", async () => undefined],
  ["a token that may only look", "#/jobs/running", look_only],
  ["the service gone", "#/jobs/waiting", async () => service.set_gone(true)],
  ["the connection lost", "#/jobs/ended", () => service.stop()],
];

async function look_only() {
  service.role = "read";
  await browser.page.reload();
  await said("Nothing can be handed in");
}

async function paste_mistake() {
  await browser.page.getByRole("tab", { name: "Job file" }).click();
  await browser.page.locator("#job-file").fill('comand = "true"\n');
}

for (const colorScheme of ["light", "dark"] as const)
  for (const width of [400, 1920])
    test(`axe-core finds nothing in any view: ${colorScheme}, ${width} pixels`, async () => {
      const { page } = browser;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await anew();
      service.simulations = [
        { id: 1, state: "done", options: ["--backtest"], started: 1e6, ended: 2e6 },
        { id: 2, state: "running", options: [], started: 2e6, progress: 0.5 },
      ];
      const found: string[] = [];
      const look = async (name: string) => {
        await page.waitForTimeout(600);
        // What lies below the bar at the top could not be pressed there.
        await page.evaluate(() => scrollTo(0, 0));
        for (const each of await violations(page)) found.push(`${name}: ${each}`);
      };
      for (const address of addresses) {
        await go(address);
        await look(address);
      }
      for (const [name, address, act] of opened) {
        await go("#/cluster");
        await go(address);
        await act();
        await look(name);
        await page.keyboard.press("Escape");
      }
      await page.getByRole("button", { name: "Leave" }).click();
      await look("the form for a token");
      assert.deepEqual(found, []);
      await page.setViewportSize({ width: 1280, height: 900 });
    });

test("tabs are walked by arrow keys, Home and End, and one of them is reached by Tab", async () => {
  const { page } = browser;
  await anew("#/job/16");
  const tab = (name: string) => page.getByRole("tab", { name });
  await tab("Cells").focus();
  const selected = async (name: string) => {
    assert.equal(await tab(name).getAttribute("aria-selected"), "true");
    assert.equal(await tab(name).evaluate((element) => element === document.activeElement), true);
    assert.equal(await page.locator("[role=tab][tabindex='0']").count(), 1);
    await page.getByRole("tabpanel", { name }).waitFor();
  };
  for (const [key, name] of [
    ["ArrowRight", "Table"],
    ["End", "Results"],
    ["ArrowRight", "Cells"],
    ["ArrowLeft", "Results"],
    ["Home", "Cells"],
  ] as const) {
    await page.keyboard.press(key);
    await selected(name);
  }
  await page.keyboard.press("Shift+Tab");
  assert.equal(await tab("Results").evaluate((element) => element === document.activeElement), false);
});

test("a dialog holds the focus, and gives it back where that is still there", async () => {
  const { page } = browser;
  await anew("#/jobs/running");
  const stop = page.getByRole("button", { name: "Stop job 9" });
  await stop.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  for (let i = 0; i < 8; ++i) {
    await page.keyboard.press("Tab");
    const where = await page.evaluate(
      () => document.activeElement === document.body || document.activeElement!.closest("dialog") !== null,
    );
    assert.ok(where, "the focus is behind the dialog");
  }
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Stop job 9");
  await go("#/job/10");
  await page.getByRole("button", { name: "Stop…" }).press("Enter");
  await page.getByRole("button", { name: "Stop it" }).press("Enter");
  await page.locator(".job-head .state.stopped").waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "main");
});

test("the Tab key reaches everything, always seen, and is nowhere caught", async () => {
  const { page } = browser;
  await anew("#/jobs/running");
  await said("embed");
  await page.reload();
  await said("embed");
  const seen = await tab_order(page, 80);
  assert.ok(seen.length < 80, "it goes on for ever");
  assert.deepEqual(
    seen.filter((each) => each.startsWith("UNSEEN")),
    [],
  );
  for (const wanted of [
    "A Skip to the content",
    "A Time",
    "BUTTON Leave",
    "A New job",
    "INPUT Find by name or owner",
    "BUTTON Name",
    "A embed",
    "BUTTON Stop job 9",
  ])
    assert.ok(
      seen.some((each) => each.startsWith(wanted)),
      `${wanted} is not among ${seen.join(", ")}`,
    );
});
