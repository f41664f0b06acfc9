import { describe, expect, it } from "vitest";
import { nameGuide } from "./guide.ts";
import { nothingAlike } from "./likeness.ts";
import type { NameScorer } from "./scores.ts";
import type { Choices } from "./search.ts";
import { surroundingsOf } from "./surroundings.ts";
import { distributionOf, toyTokenizer } from "./toy.ts";
import { Vocabulary } from "./vocabulary.ts";

const vocabulary = new Vocabulary(toyTokenizer.vocabulary());
const all = vocabulary.beginning("");
const id = (text: string) => vocabulary.id(text) as number;

function guideOf(names: Record<string, number>, parameters: Record<string, { least: number; most: number }> = {}) {
  const scorer: NameScorer = {
    labels: false,
    at: () => [new Map(Object.entries(names))],
    parametersOf: (name) => (parameters[name] ? { names: [], types: [], labels: [], ...parameters[name] } : undefined),
  };
  const atCursor = { chances: new Map([["foobar", 1]]), share: 0.5 };
  const calls = [{ arguments: ["1"], defines: false, tail: "", head: "" }];
  const around = surroundingsOf("let second = 1\nx = ", "");
  const likeness = {
    *argumentsInSteps() {
      yield;
      return nothingAlike;
    },
  };
  const { signal } = new AbortController();
  return nameGuide({
    scorer,
    around,
    names: atCursor,
    origin: "x = ",
    partial: "",
    vocabulary,
    sites: async () => calls,
    likeness,
    signal,
  });
}

/** The best token after `line` where the model rates these, and all others 0. */
function best(guide: ReturnType<typeof guideOf>, line: string, model: Record<string, number>): string {
  const logits = new Float32Array(vocabulary.size);
  for (const [text, logit] of Object.entries(model)) logits[id(text)] = logit;
  guide.weigh(line, distributionOf(logits));
  return vocabulary.text(all.reduce((a, b) => ((logits[b] as number) > (logits[a] as number) ? b : a)));
}

describe("nameGuide", () => {
  it("prefers a name that is known to another of nearly the same probability, and leaves the model what it is sure of", () => {
    const guide = guideOf({ foo: 2 });
    expect(best(guide, "x = f(", { foo: 4, bar: 5 })).toBe("foo");
    expect(best(guide, "x = f(", { foo: 4, bar: 14 })).toBe("bar");
  });

  it("does not make a name likelier than what is no name", () => {
    expect(best(guideOf({ foo: 9 }), "x = f(", { foo: 4, "1": 6 })).toBe("1");
  });

  it("keeps inside of a name to what it can still become", () => {
    expect(best(guideOf({ qz: 2 }), "x = f(q", { z: 4, y: 5 })).toBe("z");
  });

  it("calls a function that was named, with something where it needs something", () => {
    const guide = guideOf({}, { foo: { least: 1, most: 2 }, bar: { least: 0, most: 0 } });
    expect(best(guide, "x = foo", { ".": 6, "(": 4, "()": 5 })).toBe("(");
    expect(best(guide, "x = bar", { ".": 6, "(": 4, "()": 5 })).toBe("()");
    expect(best(guide, "x = other", { ".": 6, "(": 4 })).toBe(".");
  });

  it("closes a call that is whole, and none before", () => {
    const guide = guideOf({}, { foo: { least: 2, most: 2 } });
    expect(best(guide, "x = foo(a", { ")": 5, ",": 4 })).toBe(",");
    expect(best(guide, "x = foo(a, b", { ")": 4, ",": 5 })).toBe(")");
  });

  it("leaves the name at the cursor to the search", () => {
    expect(best(guideOf({ foo: 9 }), "x = ", { foo: 4, bar: 5 })).toBe("bar");
  });

  it("offers the names at the cursor once, then what may be passed to a function that is called", async () => {
    const guide = guideOf({}, { foo: { least: 1, most: 2 } });
    expect([...((await guide.choices("x = ", "")) as Choices).texts.keys()]).toEqual(["foobar"]);
    expect(await guide.choices("x = ", "")).toBeUndefined();
    const passed = (await guide.choices("x = foo", "")) as Choices;
    expect([...passed.texts.keys()].sort()).toEqual(["(1", "(second"]);
    expect(await guide.choices("x = foo(se", "")).toBeUndefined();
    expect([...((await guide.choices("x = foo(1,", "")) as Choices).texts.keys()]).toContain(" second");
  });

  it("ends an argument that was found", async () => {
    const guide = guideOf({}, { foo: { least: 1, most: 2 }, second: { least: 0, most: 0 } });
    await guide.choices("x = ", "");
    await guide.choices("x = foo", "");
    guide.found("x = foo(second");
    expect([...((await guide.choices("x = foo(second", "")) as Choices).texts.keys()]).toEqual([")"]);
    expect(best(guide, "x = foo(second", { "(": 6, ")": 4 })).toBe(")");
  });
});
