// A browser for the tests: Debian's Chromium, without its own calls home.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

const flags = [
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--hide-scrollbars",
];

export interface TestBrowser {
  page: Page;
  context: BrowserContext;
  /** What the page wrote to its console as an error, and what it asked of other hosts. */
  trouble: string[];
  close(): Promise<void>;
}

export async function open_browser(options: BrowserContextOptions = {}): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), "gangline-chromium-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid?.() === 0 ? [...flags, "--no-sandbox"] : flags,
    headless: true,
    ...options,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(20_000);
  const trouble: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource|ERR_/.test(message.text()))
      trouble.push(message.text());
  });
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") trouble.push(`asked another host: ${request.url()}`);
  });
  return {
    page,
    context,
    trouble,
    close: async () => {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
