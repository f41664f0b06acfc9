import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { specials, toyTokenizer } from "./toy.ts";
import { Vocabulary } from "./vocabulary.ts";

const vocabulary = new Vocabulary(toyTokenizer.vocabulary());

describe("Vocabulary", () => {
  it("gives exactly the tokens that agree with the bytes to come", () =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."fobar(\n "), maxLength: 6 }), (required) => {
        const expected: number[] = [];
        for (let id = specials; id < vocabulary.size; id++) {
          const text = vocabulary.text(id);
          if (text.startsWith(required) || (text !== "" && required.startsWith(text))) expected.push(id);
        }
        expect([...vocabulary.beginning(required)].sort((a, b) => a - b)).toEqual(expected);
      }),
    ));

  it("never gives a special token", () => {
    expect(Math.min(...vocabulary.beginning(""))).toBe(specials);
  });
});
