/**
 * A real VS Code workbench in a real browser, driven as a person would: palette, explorer, editor, side bar.
 *
 * One code-server with the packaged extension, a profile and an EVERYLINE_HOME of its own, and Debian's Chromium.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type FrameLocator, type Page } from "playwright-core";
// @ts-expect-error: plain JavaScript, used before anything is installed
import { startWorkbench } from "../../scripts/workbench.mjs";

const root = join(import.meta.dirname, "../..");
const screenshots = join(import.meta.dirname, "screenshots");

/** The editor proper: the chat input is a .monaco-editor, too. */
export const editor = ".part.editor .monaco-editor";

export interface Workbench {
  page: Page;
  port: number;
  /** Runs a command of the palette by its title; waits until extensions have contributed it. */
  command(title: string): Promise<void>;
  /** Opens a file through the quick open box. */
  openFile(name: string): Promise<void>;
  /** The Ask view's document, opened from the activity bar. */
  askView(): Promise<FrameLocator>;
  /** Text of the visible lines of the active editor. */
  visibleText(): Promise<string>;
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface WorkbenchOptions {
  folder: string;
  vsix?: string;
  options?: string[];
  query?: string;
  settings?: Record<string, unknown>;
}

export async function openWorkbench({
  folder,
  vsix = join(root, "dist/everyline.vsix"),
  options = [],
  query = "",
  settings = {},
}: WorkbenchOptions): Promise<Workbench> {
  const scratch = mkdtempSync(join(tmpdir(), "everyline-e2e-"));
  mkdirSync(screenshots, { recursive: true });
  const workbench = await startWorkbench({
    profile: join(scratch, "profile"),
    vsix,
    options,
    settings,
    env: { EVERYLINE_HOME: join(scratch, "home") },
  });
  const browser = await launch();
  const close = async () => {
    await browser.close();
    await workbench.stop();
    rmSync(scratch, { recursive: true, force: true });
  };
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  try {
    await page.goto(workbench.url(folder) + query, { waitUntil: "domcontentloaded", timeout: 60_000 });
    await page.waitForSelector(".monaco-workbench", { timeout: 60_000 });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    page,
    port: workbench.port,
    command: (title) => runCommand(page, title),
    openFile: (name) => openFile(page, name),
    askView: () => askView(page),
    visibleText: async () => (await page.locator(`${editor} .view-lines`).first().innerText()).replaceAll("\u00a0", " "),
    screenshot: async (name) => void (await page.screenshot({ path: join(screenshots, `${name}.png`) })),
    close,
  };
}

/** Debian's Chromium, without the background traffic that a closed network would refuse. */
export function launch(): Promise<Browser> {
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args });
}

async function runCommand(page: Page, title: string): Promise<void> {
  // The palette makes its list once, when it opens: open it anew until the extension's commands are in.
  for (let attempt = 0; attempt < 40; attempt++) {
    await page.keyboard.press("F1");
    await page.waitForSelector(".quick-input-widget input:focus");
    await page.keyboard.type(title);
    const row = page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
    const listed = await row.waitFor({ timeout: 2000 }).then(
      () => true,
      () => false,
    );
    if (listed) return row.click();
    await page.keyboard.press("Escape");
  }
  throw new Error(`The palette never listed "${title}"`);
}

async function openFile(page: Page, name: string): Promise<void> {
  await page.keyboard.press("Control+P");
  await page.waitForSelector(".quick-input-widget input:focus");
  await page.keyboard.type(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().click();
  await page.locator(`.tabs-container .tab.active[data-resource-name="${name}"]`).waitFor();
  await page.locator(`${editor} .view-line`).first().waitFor();
}

async function askView(page: Page): Promise<FrameLocator> {
  const view = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  const box = view.locator("textarea, input[type=text]").first();
  if (!(await box.isVisible().catch(() => false))) await page.locator('.activitybar .action-item a[aria-label^="Everyline"]').click();
  await box.waitFor({ timeout: 60_000 });
  return view;
}

/**
 * Runs dist/e2e (the bundled suites) inside a workbench's extension host, with the extension loaded from this project. `more`: further
 * variables of the host's environment. Returns the path of Mocha's JSON report; throws when the host never reported.
 */
export async function runInHost(folder: string, more: Record<string, string> = {}): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), "everyline-host-"));
  const report = join(scratch, "report.json");
  const env = { EVERYLINE_HOME: join(scratch, "home") };
  const workbench = await startWorkbench({
    profile: join(scratch, "profile"),
    options: ["--vscode-option", "enable-smoke-test-driver"],
    env,
  });
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const exit = new Promise<number>((resolve) => page.exposeFunction("codeAutomationExit", resolve));
    await page.exposeFunction("codeAutomationLog", () => {});
    const remote = (path: string) => `vscode-remote://127.0.0.1:${workbench.port}${path}`;
    const payload = [
      ["extensionDevelopmentPath", remote(root)],
      ["extensionTestsPath", remote(join(root, "dist/e2e/index.cjs"))],
      ["extensionEnvironment", JSON.stringify({ EVERYLINE_MOCHA_REPORT: report, ...more })],
    ];
    await page.goto(`${workbench.url(folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`, {
      waitUntil: "domcontentloaded",
      timeout: 60_000,
    });
    const ended = await Promise.race([exit, new Promise<"late">((resolve) => setTimeout(() => resolve("late"), 150_000))]);
    if (ended === "late") throw new Error("The extension host did not report within 150 s");
    return report;
  } finally {
    await browser.close();
    await workbench.stop();
  }
}
