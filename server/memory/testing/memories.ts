/** Memories on the real addon and model for tests: opened, waited for, and closed with everything they left. */
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addonFile } from "../../home.ts";
import { defaultSettings, type Settings } from "../../settings.ts";
import { Memory } from "../memory.ts";
import type { MemoryOptions } from "../open.ts";
import type { MemoryStatus } from "../types.ts";

/** Why tests with the real engine cannot run, "" when they can. */
export function notBuilt(): string {
  try {
    const addon = createRequire(import.meta.url)(addonFile) as { loadEngine?: unknown };
    return addon.loadEngine ? "" : `skipped: ${addonFile} has no engine`;
  } catch (error) {
    return `skipped: ${addonFile} cannot be loaded (${(error as Error).message}); build it with npm run build`;
  }
}

export interface OpenedMemory {
  memory: Memory;
  /** What people were told. */
  messages: string[];
}

export class Memories {
  readonly home: string;
  readonly #open: Memory[] = [];

  private constructor(home: string) {
    this.home = home;
  }

  static async create(): Promise<Memories> {
    return new Memories(await mkdtemp(join(tmpdir(), "everyline-home-")));
  }

  async open(folder: string, options: Partial<MemoryOptions> & { set?: Partial<Settings> } = {}): Promise<OpenedMemory> {
    const messages: string[] = [];
    const { set, ...rest } = options;
    const memory = await Memory.open({
      folder,
      home: this.home,
      settings: { ...defaultSettings, history: { ...defaultSettings.history, encodeTokens: 0 }, ...set },
      watch: true,
      onMessage: (_level, text) => messages.push(text),
      ...rest,
    });
    this.#open.push(memory);
    return { memory, messages };
  }

  /** Opens, starts, and waits until the memory is ready. */
  async ready(folder: string, options: Partial<MemoryOptions> & { set?: Partial<Settings> } = {}): Promise<OpenedMemory> {
    const opened = await this.open(folder, options);
    opened.memory.start();
    await until(opened.memory, ({ state }) => state === "ready");
    return opened;
  }

  async close(memory: Memory): Promise<void> {
    this.#open.splice(this.#open.indexOf(memory), 1);
    await memory.close();
  }

  async dispose(): Promise<void> {
    for (const memory of this.#open.splice(0)) await memory.close();
    await rm(this.home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Resolves to the first status that satisfies the test. */
export async function until(memory: Memory, test: (status: MemoryStatus) => boolean): Promise<MemoryStatus> {
  return eventually(() => memory.status(), test);
}

/** Asks again until the answer satisfies the test; a test that never does fails by its time limit. */
export async function eventually<T>(ask: () => Promise<T> | T, test: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (test(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Paths of the files found by words, best first. */
export async function found(memory: Memory, query: string): Promise<string[]> {
  const hits = await memory.index.searchFiles(query, 10, { path: 1, symbols: 1, body: 1 });
  return [...new Set(hits.map(({ path }) => path))];
}

/** Ids of the documents that the engine scores, with their paths. */
export async function meant(memory: Memory, question: string): Promise<string[]> {
  const { documents } = await memory.engine!.search(memory.tokenizer!.frameQuestion(question), 1);
  const rows = await memory.index.documents([...documents]);
  return rows.map(({ path }) => path).sort();
}

export function tokensEncoded(memory: Memory): number {
  return memory.engine!.stats().tokensEncoded;
}
