/** What a person does with Everyline, in a real workbench in a real browser. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Repository } from "../unit/repository.ts";
import { project } from "./project.ts";
import { editor, openWorkbench, type Workbench } from "./workbench.ts";

let folder: Repository;
let workbench: Workbench;

beforeAll(async () => {
  folder = await project();
  // Without the suggestion list, whose box would take the Tab key, and without brackets that close themselves behind the cursor.
  const settings = { "editor.quickSuggestions": { other: "off" }, "editor.autoClosingBrackets": "never" };
  workbench = await openWorkbench({ folder: folder.path, settings });
});

afterEach(async (context) => workbench.screenshot(context.task.name.replaceAll(/\W+/g, "-")));

afterAll(async () => {
  await workbench?.close();
  await folder?.dispose();
});

/** The status bar item's text. */
const status = () => workbench.page.locator(".statusbar-item", { hasText: "Everyline" });

async function ask(question: string) {
  const view = await workbench.askView();
  await view.locator("#question").fill(question);
  await view.locator("#question").press("Enter");
  const answer = view.locator("article", { hasText: question }).first();
  await answer.locator(".statements").waitFor();
  return answer;
}

describe("Everyline in the workbench", () => {
  it("reads the repository and says when it is ready", async () => {
    await status().filter({ hasText: "ready" }).waitFor({ timeout: 90_000 });
    expect(await status().count()).toBe(1);
  });

  it("answers a question with the right file cited, and a click lands on the lines", async () => {
    const answer = await ask("how are clients limited in how often they may call?");
    const citation = answer.locator(".statement .cite").first();
    expect(await citation.innerText()).toContain("limiter.ts");
    await citation.click();
    await workbench.page.locator('.tabs-container .tab.active[data-resource-name="limiter.ts"]').waitFor();
    const text = await workbench.visibleText();
    expect(text).toContain("class RateLimiter");
    await workbench.page.locator(`${editor} .cdr`).first().waitFor({ state: "attached" });
  });

  it("shows the sources of the answer in the Sources tree", async () => {
    await workbench.command("Everyline: Show Sources");
    const row = workbench.page.locator(".pane", { hasText: "Sources" }).locator(".monaco-list-row", { hasText: "limiter.ts" });
    await row.first().waitFor();
    await row.first().click();
    await workbench.page.locator('.tabs-container .tab.active[data-resource-name="limiter.ts"]').waitFor();
  });

  it("says plainly when the repository has no answer", async () => {
    const answer = await ask("how is the quantum flux capacitor calibrated against neutrino drift?");
    await answer.locator(".statements.notfound").waitFor();
  });

  it("offers ghost text that Tab accepts", async () => {
    await workbench.openFile("import_parcels.py");
    await workbench.page.locator(`${editor} .view-line`, { hasText: "return sum" }).click();
    await workbench.page.keyboard.press("Control+End");
    await workbench.page.keyboard.type("\n\ndef count_rows(path):\nreturn sum(1 for row in read_", { delay: 30 });
    await workbench.page.locator(`${editor} .ghost-text-decoration, ${editor} .ghost-text`).first().waitFor({ timeout: 60_000 });
    await workbench.screenshot("ghost-text");
    await workbench.page.keyboard.press("Tab");
    await expect.poll(() => workbench.visibleText()).toContain("return sum(1 for row in read_rows(");
  });

  it("finds a function a moment after it is saved", async () => {
    await folder.write({
      "src/insurance.ts":
        "/** What a parcel's insurance costs. */\nexport function insurancePremium(value: number): number {\n  return value * 0.015;\n}\n",
    });
    const cited = async () => {
      const answer = await ask("where is insurancePremium computed?");
      return answer.locator(".statement .cite").first().innerText();
    };
    await expect.poll(cited, { timeout: 30_000 }).toContain("insurance.ts");
  });
});
