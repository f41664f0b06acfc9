import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadAddon } from "../../native/load.ts";
import { Words } from "../../native/words.ts";
import type { IndexReader } from "../index/api.ts";
import { Asked } from "./asked.ts";
import { readQuery } from "./query.ts";

const index = new Words(loadAddon()) as unknown as IndexReader;
const word = fc.constantFrom(
  "parseHeaders",
  "parse_header",
  "Überblick",
  "ubersicht",
  "e\u0301tat",
  "请求头",
  "x",
  "$scope",
  "sha256Sum",
  "42",
  "headers",
);
const gap = fc.constantFrom(" ", "(", "::", "-", ".", "\t", "、");
const line = fc.array(fc.tuple(gap, word), { maxLength: 6 }).map((parts) => parts.flat().join(""));

describe("terms on lines", () => {
  it("are those that the word index sees there", () =>
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.array(line, { maxLength: 5 }), (words, lines) => {
        const query = readQuery(words.join(" "));
        const wanted = new Set(index.terms(query.words));
        const asked = Asked.of(index, query);
        expect(lines.map((text) => asked.mass(asked.onLine(text)) > 0)).toEqual(
          lines.map((text) => index.terms(text).some((term) => wanted.has(term))),
        );
      }),
    ));

  it("say more together than apart, and each counts once", () => {
    const asked = Asked.of(index, readQuery("retry backoff"));
    const [both, one, twice] = ["retry with backoff", "backoff", "backoff backoff"].map((line) => asked.mass(asked.onLine(line)));
    expect([both, twice]).toEqual([2 * one!, one]);
  });

  it("of a question with more terms than a mask has bits are the first of the rarest", () => {
    const words = Array.from({ length: 50 }, (_, i) => `w${String.fromCharCode(97 + (i % 26))}${i < 26 ? "q" : "z"}`);
    const asked = Asked.of(index, readQuery(words.join(" ")));
    const masks = words.map((word) => asked.onLine(word));
    expect(masks.filter((mask) => mask !== 0)).toHaveLength(32);
    expect(asked.mass(masks.reduce((all, mask) => all | mask, 0))).toBeCloseTo(32 * asked.mass(masks.find((mask) => mask !== 0)!));
  });
});
