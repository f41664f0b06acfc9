/** What a person does with the past in the workbench: from an answer to the diff, to the commit's files, to a file as it was. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Renovated, renovated } from "./renovated.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

let folder: Renovated;
let workbench: Workbench;
const soon = { timeout: 30_000 };

beforeAll(async () => {
  folder = await renovated();
  workbench = await openWorkbench({ folder: folder.path });
  await workbench.page.locator(".statusbar-item", { hasText: "Everyline" }).filter({ hasText: "ready" }).waitFor({ timeout: 90_000 });
});

afterEach(async (context) => workbench.screenshot(context.task.name.replaceAll(/\W+/g, "-")));

afterAll(async () => {
  await workbench?.close();
  await folder?.dispose();
});

/** Asks; the answer's first citation of the commit. */
async function citationOf(question: string, sha: string) {
  const view = await workbench.askView();
  await view.locator("#question").fill(question);
  await view.locator("#question").press("Enter");
  const answer = view.locator("article", { hasText: question }).first();
  await answer.locator(".statements").waitFor();
  return answer.locator(".statement .cite", { hasText: `commit ${sha.slice(0, 8)}` }).first();
}

/** Opens the list of a commit's files; a click may meet a row that was just drawn anew, and then does nothing. */
async function openCommit(sha: string): Promise<void> {
  const opened = async () => {
    if (await listed().first().isVisible()) return true;
    await actOn(sha, "Open Commit");
    return false;
  };
  await expect.poll(opened, { ...soon, interval: 2_000 }).toBe(true);
}

/** Runs an action that the Sources tree shows beside a commit; rows move while the tree is drawn anew. */
async function actOn(sha: string, action: string): Promise<void> {
  const row = workbench.page.locator(".pane", { hasText: "Sources" }).locator(".monaco-list-row", { hasText: `commit ${sha.slice(0, 8)}` });
  const button = row.locator(`.action-label[aria-label="${action}"]`);
  const clicked = async () => {
    await workbench.page.mouse.move(700, 600); // no hover of another row in the way
    return row
      .hover({ timeout: 2_000 })
      .then(() => button.click({ timeout: 2_000 }))
      .then(
        () => true,
        () => false,
      );
  };
  await expect.poll(clicked, soon).toBe(true);
}

/** Visible lines of a side of the diff. */
async function linesOf(side: "original" | "modified"): Promise<string> {
  const lines = workbench.page.locator(`.part.editor .monaco-diff-editor .editor.${side} .view-lines`);
  return (await lines.innerText()).replaceAll("\u00a0", " ");
}

const activeTab = () => workbench.page.locator(".part.editor .tabs-container .tab.active .monaco-icon-name-container").innerText();
const listed = () => workbench.page.locator(".quick-input-list .monaco-list-row");

describe("the past in the workbench", () => {
  it("lists the commits that shaped the selected lines, and opens the change of the one chosen", async () => {
    await workbench.openFile("distance.ts");
    await workbench.page.keyboard.press("Control+A");
    await workbench.command("Everyline: Explain Origin of Selected Lines");
    await expect
      .poll(() => listed().allInnerTexts(), soon)
      .toEqual([
        expect.stringMatching(/^Depots, distances[\s\S]*lines 3–6, 8–17/),
        expect.stringMatching(/^Name the earth radius[\s\S]*lines 1–2, 7/),
      ]);
    await listed().first().click();
    await expect.poll(activeTab, soon).toBe(`geo.ts in ${folder.commits.made.slice(0, 10)}`);
  });

  it("opens the diff of a modified file on the lines that changed", async () => {
    const { modified } = folder.commits;
    await (await citationOf("when did the depot move to Lighthouse Square?", modified)).click();
    await expect.poll(activeTab, soon).toBe(`depots.ts in ${modified.slice(0, 10)}`);
    await expect.poll(() => linesOf("modified"), soon).toContain("Lighthouse Square 7");
    expect(await linesOf("original")).toContain("Harbour Road 80");
  });

  it("opens the diff of a deleted file, whose code stands as it was", async () => {
    const { deleted } = folder.commits;
    await (await citationOf("when was FaxGateway removed?", deleted)).click();
    await expect.poll(activeTab, soon).toBe(`fax.ts in ${deleted.slice(0, 10)}`);
    await expect.poll(() => linesOf("original"), soon).toContain("class FaxGateway");
    expect((await linesOf("modified")).trim()).toBe("");
  });

  it("shows a deleted file as it was before it went", async () => {
    await actOn(folder.commits.deleted, "Show File at That Time");
    await workbench.page.locator('.tabs-container .tab.active[data-resource-name="fax.ts"]').waitFor();
    await expect.poll(() => workbench.visibleText(), soon).toContain("dialAndSend");
  });

  it("opens the diff of a renamed file against its old name", async () => {
    const { renamed } = folder.commits;
    await (await citationOf("when was EARTH_RADIUS introduced?", renamed)).click();
    await expect.poll(activeTab, soon).toBe(`distance.ts (was src/geo.ts) in ${renamed.slice(0, 10)}`);
    await expect.poll(() => linesOf("modified"), soon).toContain("EARTH_RADIUS * Math.acos");
    expect(await linesOf("original")).toContain("6371 * Math.acos");
  });

  it("lists the files of a commit, and opens the change of the one chosen", async () => {
    const { renamed } = folder.commits;
    await openCommit(renamed);
    await expect
      .poll(() => listed().allInnerTexts(), soon)
      .toEqual([expect.stringMatching(/src\/distance\.ts\s*renamed from src\/geo\.ts/)]);
    await workbench.screenshot("files-of-a-commit");
    await listed().first().click();
    await expect.poll(activeTab, soon).toBe(`distance.ts (was src/geo.ts) in ${renamed.slice(0, 10)}`);
  });

  it("shows a file as a commit left it, though it was deleted later", async () => {
    await (await citationOf("when did FaxGateway first appear?", folder.commits.made)).waitFor();
    await openCommit(folder.commits.made);
    const row = listed().filter({ hasText: "src/fax.ts" });
    await expect.poll(() => row.innerText(), soon).toContain("added");
    await row.hover();
    await row.locator('.action-label[aria-label="Show File at That Time"]').click();
    await workbench.page.locator('.tabs-container .tab.active[data-resource-name="fax.ts"]').waitFor();
    await expect.poll(() => workbench.visibleText(), soon).toContain("class FaxGateway");
  });
});
