import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Repository, repository } from "../../test/unit/repository.ts";
import type { Index } from "../index/index.ts";
import { defaultSettings } from "../settings.ts";
import type { Encoder } from "./encode.ts";
import { Throttle } from "./progress.ts";
import { Upkeep } from "./upkeep.ts";
import type { Words } from "./words.ts";

function later<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe("Upkeep", () => {
  let repo: Repository;

  beforeEach(async () => {
    repo = await repository({ "a.txt": "one\n" });
    await repo.commit("Add a");
  });

  afterEach(() => repo.dispose());

  /** An upkeep over parts that only write down what is asked of them; the history waits until `readHistory` is called. */
  function upkeepOf(events: string[]) {
    const history = later<Set<string>>();
    const encoded = later<void>();
    const index = {
      getMeta: async () => "",
      setMeta: async () => {},
      files: async () => [],
      checkpoint: async () => void events.push("checkpoint"),
      knownCommits: () => history.promise,
      putCommits: async () => void events.push("commits"),
      commitsWithoutDiff: async () => [],
      planHistory: async () => {},
    } as unknown as Index;
    const encoder = {
      run: async () => {
        events.push("encode");
        encoded.resolve();
      },
      stop: async () => {},
    } as unknown as Encoder;
    const words = { all: async () => void events.push("words"), idle: async () => {} } as unknown as Words;
    const upkeep = new Upkeep({
      root: repo.path,
      index,
      words,
      encoder,
      settings: () => defaultSettings,
      historyTokens: () => 0,
      status: new Throttle(() => {}, 0),
      largeFolder: { files: 10, bytes: 10 },
      retryMs: 1_000_000,
      onMessage: (_level, text) => events.push(text),
      onRebuilt: () => {},
    });
    return { upkeep, encoded: encoded.promise, readHistory: () => history.resolve(new Set()) };
  }

  it("encodes files as soon as their words are in, not after the history", async () => {
    const events: string[] = [];
    const { upkeep, encoded, readHistory } = upkeepOf(events);
    const started = upkeep.start();
    await encoded;
    expect(events).toEqual(["words", "checkpoint", "encode"]);
    readHistory();
    await started;
    expect(events.filter((event) => event !== "encode")).toEqual(["words", "checkpoint", "commits", "checkpoint"]);
    expect(upkeep.phase).toBe("idle");
    await upkeep.close();
  });
});
