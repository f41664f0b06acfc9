/** How the memory is: one status bar item for the window, and the same with details beside the language. */
import {
  type Disposable,
  LanguageStatusSeverity,
  languages,
  MarkdownString,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  window,
  workspace,
} from "vscode";
import type { MemoryStatus } from "../server/memory/types.ts";
import { type Strip, stripOf } from "./askMessages.ts";
import type { Client } from "./client.ts";
import { detailsOf, shortOf } from "./statusText.ts";

export function showStatus(client: Client): Disposable[] {
  const bar = window.createStatusBarItem("everyline.status", StatusBarAlignment.Left, 0);
  bar.name = "Everyline";
  bar.command = { command: "everyline.ask", title: "Ask Everyline" };
  const language = languages.createLanguageStatusItem("everyline.memory", [{ scheme: "file" }, { scheme: "untitled" }]);
  language.name = "Everyline Memory";
  language.command = { command: "everyline.showLog", title: "Show Log" };

  const update = () => {
    const strip = stripOf(client.state, client.status, (workspace.workspaceFolders?.length ?? 0) > 0);
    showBar(bar, strip, client.status);
    language.text = `Everyline: ${shortOf(strip)}`;
    language.detail = strip.line;
    language.busy = strip.tone === "busy";
    language.severity = strip.tone === "problem" ? LanguageStatusSeverity.Warning : LanguageStatusSeverity.Information;
    language.accessibilityInformation = { label: `Everyline: ${strip.line}` };
  };
  update();
  bar.show();
  return [bar, language, client.onChange(update), workspace.onDidChangeWorkspaceFolders(update)];
}

const icons: Record<Strip["tone"], string> = { busy: "$(sync~spin)", ready: "$(layers)", quiet: "$(layers)", problem: "$(warning)" };

function showBar(bar: StatusBarItem, strip: Strip, folders: readonly MemoryStatus[]): void {
  const paused = folders.length > 0 && folders.every((folder) => folder.state === "paused");
  bar.text = `${paused ? "$(debug-pause)" : icons[strip.tone]} Everyline ${paused ? "paused" : shortOf(strip)}`;
  bar.backgroundColor = strip.tone === "problem" ? new ThemeColor("statusBarItem.warningBackground") : undefined;
  bar.accessibilityInformation = { label: `Everyline: ${strip.line}`, role: "button" };
  const tip = new MarkdownString(undefined, true);
  tip.isTrusted = { enabledCommands: ["everyline.ask", "everyline.pauseMemory", "everyline.resumeMemory", "everyline.showLog"] };
  tip.appendMarkdown("**Everyline** — ").appendText(strip.line);
  for (const folder of folders) {
    tip.appendMarkdown("\n\n");
    if (folders.length > 1) tip.appendText(`${folder.folder}: `);
    for (const [at, line] of detailsOf(folder).entries()) {
      if (at > 0) tip.appendMarkdown("  \n");
      tip.appendText(line);
    }
  }
  const pauseOrResume = paused ? "[Resume](command:everyline.resumeMemory)" : "[Pause](command:everyline.pauseMemory)";
  tip.appendMarkdown(`\n\n[Ask](command:everyline.ask) · ${pauseOrResume} · [Log](command:everyline.showLog)`);
  bar.tooltip = tip;
}
