/**
 * How long the extension host is busy while a person types with suggestions on: EVERYLINE_TYPING_FIGURES names the file that gets the figures.
 * Run by test/bench/completion/typing.ts.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { describe, it } from "mocha";
import { ConfigurationTarget, commands, extensions, Selection, Uri, window, workspace } from "vscode";
import type { EverylineApi } from "../../../extension/api.ts";

const keys = "    total = sum(bucket.tokens for bucket in buckets.values())\n".repeat(4).slice(0, 200);
/** Milliseconds between two keys: 60 words a minute are 200, a fast burst 80. */
const gapMs = 120;

interface Figures {
  keys: number;
  offered: number;
  /** Milliseconds the host's thread was busy, a key: everything that runs in it, the workbench's own work and the typing included. */
  busyPerKey: number;
  /** Milliseconds that a timer of 1 ms came too late: the longest, and what 99 % stay below. */
  longestDelay: number;
  delay99: number;
}

describe("typing", () => {
  it("is measured with suggestions and without", async () => {
    const extension = extensions.getExtension<EverylineApi>("everyline.everyline");
    assert.ok(extension);
    const everyline = await extension.activate();
    while ((await everyline.status())[0]?.state !== "ready") await wait(100);
    const figures: Record<string, Figures> = {};
    await type(everyline, keys.slice(0, 100)); // until the host's own code is compiled
    for (const run of ["without", "with"]) {
      await workspace.getConfiguration("everyline").update("completion.enabled", run === "with", ConfigurationTarget.Global);
      figures[run] = await type(everyline, keys);
    }
    writeFileSync(process.env.EVERYLINE_TYPING_FIGURES as string, JSON.stringify(figures));
  });
});

async function type(everyline: EverylineApi, text: string): Promise<Figures> {
  const [folder] = workspace.workspaceFolders ?? [];
  assert.ok(folder);
  const editor = await window.showTextDocument(Uri.joinPath(folder.uri, "tools/import_parcels.py"));
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  editor.selection = new Selection(end, end);
  const offered = async () => (await everyline.status())[0]?.suggestions?.offered ?? 0;
  const before = await offered();
  await wait(1000);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.eventLoopUtilization();
  for (const key of text) {
    await commands.executeCommand("type", { text: key });
    await wait(gapMs);
  }
  const { active } = performance.eventLoopUtilization(start);
  delay.disable();
  const made = await offered();
  await commands.executeCommand("workbench.action.files.revert");
  return {
    keys: text.length,
    offered: made - before,
    busyPerKey: rounded(active / text.length),
    longestDelay: rounded(delay.max / 1e6 - 1),
    delay99: rounded(delay.percentile(99) / 1e6 - 1),
  };
}

function rounded(ms: number): number {
  return Number(ms.toFixed(2));
}
