/**
 * The Ask view in the side bar: a page (media/ask.js) that shows questions and answers, and this class, which asks.
 *
 * The page runs under a strict content policy, loads nothing but its own files, and gets texts and numbers only: a click names a turn
 * and a source by number, and the place is looked up here.
 */
import {
  type CancellationToken,
  CancellationTokenSource,
  commands,
  type Disposable,
  type ExtensionContext,
  Uri,
  type Webview,
  type WebviewView,
  type WebviewViewProvider,
  window,
  workspace,
} from "vscode";
import { type LocatedAnswer, Requests } from "../server/protocol.ts";
import { compose, word } from "./asking.ts";
import { answered, type FromPage, newTurn, readMessage, stripOf, type ToPage, type Turn } from "./askMessages.ts";
import { pageOf } from "./askPage.ts";
import type { Client } from "./client.ts";
import type { Jumps } from "./jump.ts";
import { sourceOf } from "./source.ts";
import type { SourcesTree } from "./sourcesTree.ts";
import { findModel, type Model } from "./wording.ts";

/** Turns kept of a session. */
const remembered = 30;
/** Milliseconds between two updates of the text a model is saying. */
const sayingMs = 60;

interface Conversation {
  turn: Turn;
  answer?: LocatedAnswer;
  /** The model that may word it, once found. */
  model?: Model;
  running?: CancellationTokenSource;
}

export interface AskViewParts {
  context: ExtensionContext;
  client: Client;
  sources: SourcesTree;
  jumps: Jumps;
  log: (message: string) => void;
}

export class AskView implements WebviewViewProvider, Disposable {
  readonly #parts: AskViewParts;
  readonly #registration: Disposable[];
  #view: WebviewView | undefined;
  /** Newest first. */
  #conversations: Conversation[] = [];
  #draft = "";
  #lastId = 0;
  /** Whether the page listens; it is thrown away while the view is hidden. */
  #ready = false;
  /** A wish for focus that waits for the page. */
  #focusLater = false;

  constructor(parts: AskViewParts) {
    this.#parts = parts;
    this.#registration = [
      window.registerWebviewViewProvider("everyline.askView", this),
      parts.client.onChange(() => this.#postStrip()),
      workspace.onDidChangeWorkspaceFolders(() => this.#postStrip()),
    ];
  }

  resolveWebviewView(view: WebviewView): void {
    this.#view = view;
    const media = Uri.joinPath(this.#parts.context.extensionUri, "media");
    view.webview.options = { enableScripts: true, localResourceRoots: [media] };
    view.webview.onDidReceiveMessage((message) => this.#receive(message));
    view.onDidChangeVisibility(() => {
      this.#ready &&= view.visible;
    });
    view.onDidDispose(() => {
      this.#view = undefined;
      this.#ready = false;
    });
    this.#ready = false;
    view.webview.html = pageOf(resourcesOf(view.webview, media));
  }

  /** Shows the view with the caret in its question box; with a question, asks it. */
  async focus(question?: string): Promise<void> {
    await commands.executeCommand("everyline.askView.focus");
    if (question) await this.ask(question);
    else this.#post({ type: "focus" });
  }

  async ask(question: string): Promise<void> {
    const conversation: Conversation = { turn: newTurn(++this.#lastId, question), running: new CancellationTokenSource() };
    this.#conversations = [conversation, ...this.#conversations].slice(0, remembered);
    this.#draft = "";
    this.#show(conversation, {});
    const token = conversation.running!.token;
    try {
      const answer = await compose(this.#parts.client, question, token);
      if (token.isCancellationRequested) return;
      conversation.answer = answer;
      this.#show(conversation, answered(conversation.turn, answer));
      this.#parts.sources.show(answer.evidence.map(sourceOf), question);
      if (answer.found) await this.#wordIfWanted(conversation, token);
    } catch (error) {
      if (!token.isCancellationRequested) this.#fail(conversation, error);
    } finally {
      conversation.running?.dispose();
      delete conversation.running;
    }
  }

  dispose(): void {
    for (const { running } of this.#conversations) running?.cancel();
    for (const one of this.#registration) one.dispose();
  }

  async #wordIfWanted(conversation: Conversation, token: CancellationToken): Promise<void> {
    const { client, context } = this.#parts;
    const settings = workspace.getConfiguration("everyline");
    if (settings.get<string>("answers.wording") === "evidence") return;
    const answer = conversation.answer!;
    if (settings.get<string>("answerEndpoint")) {
      this.#show(conversation, { state: "wording" });
      const worded = await client.request(Requests.wordByEndpoint, { answer }, token);
      if (!token.isCancellationRequested) this.#show(conversation, answered(conversation.turn, worded));
      return;
    }
    const model = await findModel(context.languageModelAccessInformation);
    if (!model || token.isCancellationRequested) return;
    conversation.model = model;
    if (model.allowed) await this.#word(conversation, token);
    else this.#show(conversation, { couldWord: model.chat.name });
  }

  async #word(conversation: Conversation, token: CancellationToken): Promise<void> {
    const { answer, model } = conversation;
    if (!answer || !model) return;
    const { name } = model.chat;
    this.#show(conversation, { state: "wording", wordedBy: name, couldWord: "", note: "" });
    let shown = 0;
    const said = (text: string) => {
      conversation.turn = { ...conversation.turn, saying: text };
      if (Date.now() - shown < sayingMs) return;
      shown = Date.now();
      this.#post({ type: "saying", id: conversation.turn.id, text });
    };
    try {
      const worded = await word(this.#parts.client, answer, model.chat, said, token);
      if (token.isCancellationRequested) return;
      const turn = answered(conversation.turn, worded);
      if (worded.wordedBy === answer.wordedBy) turn.note = `${name} said nothing that cites a source; this is the evidence itself.`;
      else conversation.answer = worded;
      this.#show(conversation, turn);
    } catch (error) {
      if (token.isCancellationRequested) return;
      this.#parts.log(`${name} could not word the answer: ${textOf(error)}`);
      this.#show(conversation, { ...answered(conversation.turn, answer), note: `${name} could not word it: ${textOf(error)}` });
    }
  }

  #receive(raw: unknown): void {
    const message = readMessage(raw);
    if (message) this.#act(message).catch((error) => this.#parts.log(`Ask view: ${textOf(error)}`));
  }

  async #act(message: FromPage): Promise<void> {
    switch (message.type) {
      case "ready":
        this.#ready = true;
        this.#postAll();
        if (this.#focusLater) this.#post({ type: "focus" });
        this.#focusLater = false;
        return;
      case "ask":
        return this.ask(message.question);
      case "draft":
        this.#draft = message.text;
        return;
      case "stop":
        return this.#stop(message.id);
      case "word":
        return this.#wordOnRequest(message.id);
      case "jump": {
        const evidence = this.#find(message.id)?.answer?.evidence[message.source];
        if (evidence) await this.#parts.jumps.to(sourceOf(evidence), message.keepFocus);
        return;
      }
      case "clear":
        for (const { running } of this.#conversations) running?.cancel();
        this.#conversations = [];
        return this.#postAll();
      case "command":
        await commands.executeCommand(message.command);
    }
  }

  /** What has been answered stays; a question without an answer says that it was stopped. */
  #stop(id: number): void {
    const conversation = this.#find(id);
    if (!conversation?.running) return;
    conversation.running.cancel();
    const { answer, turn } = conversation;
    this.#show(conversation, answer ? answered(turn, answer) : { state: "stopped" });
  }

  async #wordOnRequest(id: number): Promise<void> {
    const conversation = this.#find(id);
    if (!conversation || conversation.running) return;
    conversation.running = new CancellationTokenSource();
    try {
      await this.#word(conversation, conversation.running.token);
    } finally {
      conversation.running.dispose();
      delete conversation.running;
    }
  }

  #find(id: number): Conversation | undefined {
    return this.#conversations.find(({ turn }) => turn.id === id);
  }

  #fail(conversation: Conversation, error: unknown): void {
    this.#parts.log(`"${conversation.turn.question}" was not answered: ${textOf(error)}`);
    this.#show(conversation, { state: "failed", error: textOf(error) });
  }

  #show(conversation: Conversation, change: Partial<Turn>): void {
    conversation.turn = { ...conversation.turn, ...change };
    this.#post({ type: "turn", turn: conversation.turn });
  }

  #strip() {
    const { client } = this.#parts;
    return stripOf(client.state, client.status, (workspace.workspaceFolders?.length ?? 0) > 0);
  }

  #postAll(): void {
    this.#post({ type: "all", turns: this.#conversations.map(({ turn }) => turn), strip: this.#strip(), draft: this.#draft });
  }

  #postStrip(): void {
    this.#post({ type: "strip", strip: this.#strip() });
  }

  /** Without a page nothing is lost: "all" tells it everything once it is ready. */
  #post(message: ToPage): void {
    if (this.#ready) void this.#view?.webview.postMessage(message);
    else if (message.type === "focus") this.#focusLater = true;
  }
}

function resourcesOf(webview: Webview, media: Uri) {
  const uri = (name: string) => webview.asWebviewUri(Uri.joinPath(media, name)).toString();
  return { script: uri("ask.js"), style: uri("ask.css"), source: webview.cspSource };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
