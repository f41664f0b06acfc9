import { describe, expect, it } from "vitest";
import { NameCopy } from "./copy.ts";
import { nameGuide } from "./guide.ts";
import type { NameScorer } from "./scores.ts";
import { toyTokenizer } from "./toy.ts";
import { Vocabulary } from "./vocabulary.ts";

const vocabulary = new Vocabulary(toyTokenizer.vocabulary());
const all = vocabulary.beginning("");
const id = (text: string) => vocabulary.id(text) as number;

function guideOf(names: Record<string, number>, parameters: Record<string, { least: number; most: number }> = {}) {
  const scorer: NameScorer = {
    at: () => new Map(Object.entries(names)),
    parametersOf: (name) => (parameters[name] ? { names: [], ...parameters[name] } : undefined),
  };
  const encode = (text: string) => toyTokenizer.encodeText(text).ids;
  const copy = new NameCopy({ chances: new Map(), share: 0.5, partial: "", healed: "", encode }, vocabulary);
  return nameGuide({ scorer, copy, origin: "x = ", vocabulary });
}

/** The best token after `line` where the model rates these, and all others 0. */
function best(guide: ReturnType<typeof guideOf>, line: string, model: Record<string, number>): string {
  const logits = new Float32Array(vocabulary.size);
  for (const [text, logit] of Object.entries(model)) logits[id(text)] = logit;
  guide.weigh(line, logits, all, undefined);
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

  it("leaves the name at the cursor to the copy mechanism", () => {
    expect(best(guideOf({ foo: 9 }), "x = ", { foo: 4, bar: 5 })).toBe("bar");
  });
});
