/** The connection to the language server: starts it under VS Code's own Node, and carries typed requests and the status. */
import { type CancellationToken, type Disposable, EventEmitter, type ExtensionContext, type LogOutputChannel } from "vscode";
import { LanguageClient, State, TransportKind } from "vscode-languageclient/node";
import type { MemoryStatus } from "../server/memory/types.ts";
import { nodeOptions } from "../server/node-options.ts";
import { type InitializeOptions, Notifications, type Request } from "../server/protocol.ts";

/** "failed": the server does not run, and was given up or could not be started. */
export type ServerState = "starting" | "running" | "failed";

export class Client implements Disposable {
  readonly #client: LanguageClient;
  readonly #changed = new EventEmitter<void>();
  #status: MemoryStatus[] = [];
  #state: ServerState = "starting";

  /** The server's state or a memory's status changed. */
  readonly onChange = this.#changed.event;

  constructor(context: ExtensionContext, log: LogOutputChannel) {
    const initializationOptions: InitializeOptions = { onBattery: false, editorRequests: true }; // the server looks for a battery itself
    const server = {
      module: context.asAbsolutePath("dist/server.mjs"),
      transport: TransportKind.ipc,
      options: { execArgv: nodeOptions },
    };
    this.#client = new LanguageClient("everyline", "Everyline", server, {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }],
      outputChannel: log,
      initializationOptions,
    });
    this.#client.onNotification(Notifications.statusChanged, ({ folders }: { folders: MemoryStatus[] }) => {
      this.#status = folders;
      this.#changed.fire();
    });
    this.#client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) this.#become("running");
      else if (newState === State.Starting) this.#become("starting");
      else this.#become("failed");
    });
  }

  /** The last status heard of, a memory each. */
  get status(): readonly MemoryStatus[] {
    return this.#status;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Rejects when the server cannot be started. */
  start(): Promise<void> {
    return this.#client.start();
  }

  async restart(): Promise<void> {
    await this.#client.restart();
  }

  async request<P, R>(request: Request<P, R>, params: P, token?: CancellationToken): Promise<R> {
    return this.#client.sendRequest<R>(request.method, params, token);
  }

  /** Answers a request of the server. */
  answer<P, R>(request: Request<P, R>, handle: (params: P) => Promise<R>): Disposable {
    return this.#client.onRequest<unknown, unknown>(request.method, (params) => handle(params as P));
  }

  async notify(method: string, params: object): Promise<void> {
    await this.#client.sendNotification(method, params);
  }

  /** Resolves when the status changes next, at the latest after a second, or with the token. */
  nextChange(token: CancellationToken): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        for (const one of listening) one.dispose();
        resolve();
      };
      const timer = setTimeout(done, 1_000);
      const listening = [this.onChange(done), token.onCancellationRequested(done)];
    });
  }

  /** Ends the server: VS Code waits for this when it closes the window. */
  async stop(): Promise<void> {
    await this.#client.dispose();
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #become(state: ServerState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state !== "running") this.#status = [];
    this.#changed.fire();
  }
}
