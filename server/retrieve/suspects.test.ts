import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Repository, repository } from "../../test/unit/repository.ts";
import type { Memory } from "../memory/memory.ts";
import { eventually, Memories, notBuilt } from "../memory/testing/memories.ts";
import { defaultSettings } from "../settings.ts";
import { readQuery } from "./query.ts";
import { search } from "./search.ts";
import { suspectsOf } from "./suspects.ts";

const total = (rounded: string) =>
  `export function totalOf(prices) {\n  const sum = prices.reduce((a, b) => a + b, 0);\n  return ${rounded};\n}\n`;
const label = (text: string) => `export function greetingFor(name) {\n  return \`${text} \${name}\`;\n}\n`;
const test = `import { totalOf } from "../src/till.js";\ntest("till adds up cents", () => expect(totalOf([0.1, 0.2])).toBe(0.3));\n`;

describe.skipIf(notBuilt() !== "")("suspects of a broken test", () => {
  let memories: Memories;
  let repo: Repository;
  let memory: Memory;
  let culprit: string;

  beforeAll(async () => {
    memories = await Memories.create();
    repo = await repository({
      "src/till.js": total("Math.round(sum * 100) / 100"),
      "src/greeting.js": label("Hello"),
      "test/till.test.js": test,
    });
    await repo.commit("Begin", "2023-01-01");
    await repo.write({ "src/greeting.js": label("Hi") });
    await repo.commit("Greet in fewer letters", "2024-03-01");
    await repo.write({ "src/till.js": total("sum") });
    culprit = await repo.commit("Tidy", "2024-06-01");
    await repo.write({ "src/greeting.js": label("Hey") });
    await repo.commit("Greet younger people", "2024-07-01");
    ({ memory } = await memories.ready(repo.path, { watch: false, set: { history: { ...defaultSettings.history, encodeTokens: 0 } } }));
    await eventually(
      async () => (await memory.status()).history.diffs,
      (diffs) => diffs === 4,
    );
  });

  afterAll(async () => {
    await memories.dispose();
    await repo.dispose();
  });

  it("are the test and what it tests, found by what the test's text names", async () => {
    const suspects = (await suspectsOf(memory, readQuery("which commit broke the till test?")))!;
    expect([...suspects.keys()]).toEqual(expect.arrayContaining(["test/till.test.js", "src/till.js"]));
    expect(suspects.get("src/till.js")!).toBeGreaterThan(suspects.get("src/greeting.js") ?? 0);
  });

  it("lead to the commit that says nothing of it, beside the one that made the test", async () => {
    const { evidence } = await search(memory, "which commit broke the till test?", { k: 3, scope: "commits" });
    expect(evidence.slice(0, 2).map(({ commit }) => commit)).toContain(culprit);
  });

  it("are looked for only where something broke", async () => {
    expect(await suspectsOf(memory, readQuery("when was the till added?"))).toBeUndefined();
  });
});
