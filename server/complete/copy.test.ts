import { describe, expect, it } from "vitest";
import { NameCopy } from "./copy.ts";
import { toyTokenizer } from "./toy.ts";
import { Vocabulary } from "./vocabulary.ts";

const vocabulary = new Vocabulary(toyTokenizer.vocabulary());
const all = vocabulary.beginning("");
const id = (text: string) => vocabulary.id(text) as number;

function copyOf(chances: Record<string, number>, share: number, part: { partial?: string; healed?: string } = {}) {
  const encode = (text: string) => toyTokenizer.encodeText(text).ids;
  return new NameCopy({ chances: new Map(Object.entries(chances)), share, partial: "", healed: "", encode, ...part }, vocabulary);
}

/** The model is sure of one token. */
function logits(text: string, certainty = 8): Float32Array {
  const made = new Float32Array(vocabulary.size);
  made[id(text)] = certainty;
  return made;
}

function best(some: Float32Array): string {
  return vocabulary.text(all.reduce((a, b) => ((some[b] as number) > (some[a] as number) ? b : a)));
}

function total(some: Float32Array): number {
  return all.reduce((sum, one) => sum + Math.exp(some[one] as number), 0);
}

describe("NameCopy", () => {
  it("mixes two distributions into one", () => {
    const mixed = logits("z");
    copyOf({ foo: 0.75, bar: 0.25 }, 0.4).weigh(mixed, all, undefined);
    expect(total(mixed)).toBeCloseTo(1, 3);
    expect(Math.exp(mixed[id("foo")] as number)).toBeCloseTo(0.3, 2);
    expect(Math.exp(mixed[id("bar")] as number)).toBeCloseTo(0.1, 2);
  });

  it("finishes a name that only the repository knows, and then leaves the word to the model", () => {
    const copy = copyOf({ fooqx: 1 }, 0.4);
    const first = logits("z", 4);
    copy.weigh(first, all, undefined);
    expect(best(first)).toBe("foo");
    const second = logits("(", 4);
    copy.weigh(second, all, id("foo"));
    expect(best(second)).toBe("q");
    const third = logits("z", 4);
    copy.weigh(third, all, id("q"));
    expect(best(third)).toBe("x");
    const ended = logits("z", 4);
    copy.weigh(ended, all, id("x"));
    expect(best(ended)).not.toBe("z"); // the name is over: what follows is no letter
    const after = logits("z", 4);
    copy.weigh(after, all, id("()"));
    expect(best(after)).toBe("z");
  });

  it("leaves the model alone once it writes something else", () => {
    const copy = copyOf({ foo: 1 }, 0.4);
    copy.weigh(logits("z"), all, undefined);
    const own = logits("y");
    const before = own.slice();
    copy.weigh(own, all, id("z"));
    expect(own).toEqual(before);
  });

  it("continues what is written of the name, with the tokens that are written anew", () => {
    const mixed = logits("z", 4);
    copyOf({ foobar: 0.5, other: 0.5 }, 0.4, { partial: "foo", healed: "foo" }).weigh(mixed, vocabulary.beginning("foo"), undefined);
    expect(Math.exp(mixed[id("foob")] as number)).toBeGreaterThan(Math.exp(mixed[id("foo")] as number));
  });
});
