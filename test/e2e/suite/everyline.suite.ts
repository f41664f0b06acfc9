import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import {
  ConfigurationTarget,
  commands,
  extensions,
  LanguageModelTextPart,
  lm,
  Selection,
  TabInputTextDiff,
  Uri,
  window,
  workspace,
} from "vscode";
import type { EverylineApi } from "../../../extension/api.ts";
import type { MemoryStatus } from "../../../server/memory/types.ts";

const manifest = () => extensions.getExtension("everyline.everyline")?.packageJSON;
let everyline: EverylineApi;

/** Polls until the value passes; the error shows the last one. */
async function eventually<T>(read: () => Promise<T>, passes: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 60_000;
  for (;;) {
    const value = await read();
    if (passes(value)) return value;
    if (Date.now() > end) throw new Error(`Never came true: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const inState = (state: MemoryStatus["state"]) =>
  eventually(
    () => everyline.status(),
    ([first]) => first?.state === state,
  );

describe("the extension", () => {
  before(async () => {
    const extension = extensions.getExtension<EverylineApi>("everyline.everyline");
    assert.ok(extension, "the extension is installed");
    everyline = await extension.activate();
    await inState("ready");
  });

  it("has every command of its manifest", async () => {
    const known = new Set(await commands.getCommands(true));
    const missing = manifest()
      .contributes.commands.map((one: { command: string }) => one.command)
      .filter((id: string) => !known.has(id));
    assert.deepEqual(missing, []);
  });

  it("remembers every file that git does not ignore", async () => {
    const [status] = await everyline.status();
    assert.ok(status);
    assert.equal(status.encoded, status.toEncode);
    assert.equal(status.files, 7);
    assert.equal(status.commits, 1);
    assert.equal(status.problem, "");
  });

  it("answers with the file and lines that say so", async () => {
    const answer = await everyline.ask("how are clients limited in how often they may call?");
    assert.ok(answer.found);
    for (const statement of answer.statements) assert.ok(statement.sources.length > 0, `uncited: ${statement.text}`);
    assert.equal(answer.evidence[0]?.path, "src/limiter.ts");
  });

  it("opens a source with its lines selected or revealed", async () => {
    const [source] = everyline.sources();
    assert.ok(source);
    await commands.executeCommand("everyline.openSource", source);
    assert.ok(window.activeTextEditor?.document.uri.path.endsWith("/src/limiter.ts"));
  });

  it("opens a commit as the diff of what it changed", async () => {
    const { evidence } = await everyline.ask("when was RateLimiter added?");
    const at = evidence.findIndex(({ change }) => change?.path === "src/limiter.ts");
    assert.ok(at >= 0, "the commit that added it is among the evidence");
    await commands.executeCommand("everyline.openSource", everyline.sources()[at]);
    const input = window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof TabInputTextDiff);
    const [before, after] = await Promise.all([input.original, input.modified].map((uri) => workspace.openTextDocument(uri)));
    assert.equal(before?.getText(), "");
    assert.match(after?.getText() ?? "", /class RateLimiter/);
    assert.equal(after?.languageId, "typescript");
  });

  it("tells an agent which commit shaped lines", async () => {
    const [folder] = workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const input = { path: Uri.joinPath(folder.uri, "src/limiter.ts").fsPath, startLine: 1, endLine: 3 };
    const { content } = await lm.invokeTool("explain_line_origin", { input, toolInvocationToken: undefined });
    const text = content.map((part) => (part instanceof LanguageModelTextPart ? part.value : "")).join("");
    assert.match(text, /^commit [0-9a-f]{40} {2}\d{4}-\d{2}-\d{2} {2}Ada Author {2}lines 1–3/);
  });

  it("finds text that is not saved yet", async () => {
    const [folder] = workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const document = await workspace.openTextDocument(Uri.joinPath(folder.uri, "src/tracking.ts"));
    const editor = await window.showTextDocument(document);
    await editor.edit((edit) =>
      edit.insert(editor.document.lineAt(editor.document.lineCount - 1).range.end, "\nexport function lighthouseKeeper() {}\n"),
    );
    const answer = await eventually(
      () => everyline.ask("where is lighthouseKeeper?"),
      ({ evidence }) => evidence[0]?.path === "src/tracking.ts" && evidence[0].text.includes("lighthouseKeeper"),
    );
    assert.ok(answer.found);
    await commands.executeCommand("workbench.action.files.revert");
  });

  describe("suggestions", () => {
    const settings = () => workspace.getConfiguration("everyline");
    const counts = async () => (await everyline.status())[0]?.suggestions ?? { offered: 0, accepted: 0 };

    before(() => settings().update("completion.minimumConfidence", 0, ConfigurationTarget.Global)); // whatever the model says of itself
    after(() => settings().update("completion.minimumConfidence", undefined, ConfigurationTarget.Global));
    afterEach(() => commands.executeCommand("workbench.action.files.revert"));

    /** Writes at the end of the importer, and waits until something is offered there. */
    async function offeredAfter(text: string): Promise<() => string> {
      const [folder] = workspace.workspaceFolders ?? [];
      assert.ok(folder);
      const editor = await window.showTextDocument(Uri.joinPath(folder.uri, "tools/import_parcels.py"));
      await editor.edit((edit) => edit.insert(editor.document.lineAt(editor.document.lineCount - 1).range.end, text));
      const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
      editor.selection = new Selection(end, end);
      const { offered } = await counts();
      await commands.executeCommand("editor.action.inlineSuggest.trigger");
      await eventually(counts, (now) => now.offered > offered);
      const start = editor.document.offsetAt(end);
      return () => editor.document.getText().slice(start);
    }

    /** Runs a command until it has changed the text: the suggestion may not be drawn yet. */
    async function until(command: string, text: () => string): Promise<string> {
      const before = text();
      return eventually(
        async () => {
          if (text() === before) await commands.executeCommand(command);
          return text();
        },
        (now) => now !== before,
      );
    }

    it("are counted when they are offered and when they are accepted", async () => {
      const { accepted } = await counts();
      const text = await offeredAfter("\n\ndef count_rows(path):\n    return sum(1 for row in read_");
      assert.match(await until("editor.action.inlineSuggest.commit", text), /^\w+/);
      await eventually(counts, (now) => now.accepted === accepted + 1);
    });

    it("go on after a part of them was accepted", async () => {
      const text = await offeredAfter("\n\ndef send(path, client):\n    return import_");
      const part = await until("editor.action.inlineSuggest.acceptNextWord", text);
      assert.ok((await until("editor.action.inlineSuggest.commit", text)).startsWith(part));
    });

    it("say which chunks they were made of", async () => {
      await offeredAfter("\n\ndef count_rows(path):\n    return sum(1 for row in read_");
      await commands.executeCommand("everyline.explainCompletion");
      const reasons = everyline.sources().flatMap((source) => source.reasons);
      assert.ok(reasons.length > 0);
      for (const reason of reasons) assert.match(reason, /^\d+ % of the attention$/);
    });

    it("know what the language's own extension offers behind a receiver", async () => {
      const content = "const parcels = new Map<string, number>();\nparcels.";
      const document = await workspace.openTextDocument({ language: "typescript", content });
      await window.showTextDocument(document);
      const place = { uri: document.uri.toString(), line: 1, character: 8 };
      const members = await eventually(
        () => everyline.membersAt(place), // the language's server starts with the first document
        (offered) => offered.length > 0,
      );
      const names = members.map(({ name }) => name);
      for (const name of ["get", "set", "has", "entries"]) assert.ok(names.includes(name), `${name} of ${names}`);
      assert.deepEqual(await everyline.membersAt({ ...place, line: 0 }), []);
    });

    it("are made for text without a file", async () => {
      const document = await workspace.openTextDocument({ language: "python", content: "import os\n\nname = os." });
      const editor = await window.showTextDocument(document);
      const end = document.lineAt(document.lineCount - 1).range.end;
      editor.selection = new Selection(end, end);
      const { offered } = await counts();
      await commands.executeCommand("editor.action.inlineSuggest.trigger");
      await eventually(counts, (now) => now.offered > offered);
    });
  });

  it("pauses and resumes", async () => {
    await commands.executeCommand("everyline.pauseMemory");
    await inState("paused");
    await commands.executeCommand("everyline.resumeMemory");
    await inState("ready");
  });

  it("rebuilds the memory", async () => {
    await commands.executeCommand("everyline.rebuildMemory");
    await inState("ready");
    const answer = await everyline.ask("how are clients limited in how often they may call?");
    assert.equal(answer.evidence[0]?.path, "src/limiter.ts");
  });

  it("offers its tools to agents", () => {
    const declared = manifest().contributes.languageModelTools.map((tool: { name: string }) => tool.name);
    const registered = new Set(lm.tools.map((tool) => tool.name));
    assert.ok(declared.length > 0);
    for (const name of declared) assert.ok(registered.has(name), `${name} is not registered`);
  });
});
