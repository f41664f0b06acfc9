import { describe, expect, it } from "vitest";
import { type Choices, search, withStop } from "./search.ts";
import type { State } from "./token-tree.ts";
import { distributionOf, toyTokenizer } from "./toy.ts";
import { Vocabulary } from "./vocabulary.ts";

const vocabulary = new Vocabulary(toyTokenizer.vocabulary());
const all = withStop(vocabulary.beginning(""));
const id = (text: string) => vocabulary.id(text) as number;
const encode = (text: string) => [...toyTokenizer.encodeText(text).ids];

/** A model that likes some tokens after some texts, and all others as little. */
function modelOf(likes: Record<string, Record<string, number>>) {
  const asked: string[] = [];
  const stateAfter = (text: string): State => {
    const logits = new Float32Array(vocabulary.size);
    for (const [token, logit] of Object.entries(likes[text] ?? {})) logits[id(token)] = logit;
    return { next: distributionOf(logits), attended: [] };
  };
  const after = async (tokens: readonly number[]) => {
    const text = tokens.map((token) => vocabulary.text(token)).join("");
    asked.push(text);
    return stateAfter(text);
  };
  return { asked, after, state: stateAfter("") };
}

function searchIn(
  texts: Record<string, number>,
  likes: Record<string, Record<string, number>>,
  part: Partial<Choices> & { calls?: number } = {},
) {
  const { asked, after, state } = modelOf(likes);
  const { calls = 8, ...some } = part;
  const choices = {
    texts: new Map(Object.entries(texts)),
    share: 0.5,
    rivals: vocabulary.beginningName,
    trust: 1,
    endings: vocabulary.endingName,
    ...some,
  };
  return { asked, found: search(choices, { state, path: [], after, encode, all, calls }) };
}

const text = (tokens: readonly number[] | undefined) => tokens?.map((token) => vocabulary.text(token)).join("");

describe("search", () => {
  it("finds the text with the highest product of chance and probability", async () => {
    const texts = { ab: 0.6, cd: 0.4 };
    expect(text((await searchIn(texts, {}, { share: 0.99 }).found)?.tokens)).toBe("ab");
    expect(text((await searchIn(texts, { "": { c: 3 } }, { share: 0.99 }).found)?.tokens)).toBe("cd");
  });

  it("leaves a text whose beginning was likely and whose rest is not", async () => {
    const likes = { "": { a: 9, c: 8 }, a: { z: 20 }, c: { d: 9 } };
    expect(text((await searchIn({ ab: 0.5, cd: 0.5 }, likes).found)?.tokens)).toBe("cd");
  });

  it("tells a name from one that goes on", async () => {
    const goesOn = await searchIn({ foo: 0.5, foob: 0.5 }, { foo: { "(": 9 }, "": { foo: 9 } }).found;
    expect(text(goesOn?.tokens)).toBe("foo");
  });

  it("asks more of a text where the model is sure of something of another kind", async () => {
    expect(await searchIn({ ab: 1 }, { "": { "=": 12 } }, { share: 0.6 }).found).toBeUndefined();
  });

  it("finds nothing where the model is sure of something else", async () => {
    expect(await searchIn({ ab: 1 }, { "": { z: 12 } }, { share: 0.4 }).found).toBeUndefined();
    expect(await searchIn({}, {}).found).toBeUndefined();
  });

  it("finds that nothing more comes, where the line ends with the texts, unless the model goes on", async () => {
    const endings = Int32Array.of(id("\n"));
    const ends = { last: true, endings, rivals: all, share: 0.8 };
    expect((await searchIn({ "": 0.9, ";": 0.1 }, { "": { "\n": 9 } }, ends).found)?.tokens).toEqual([]);
    expect(text((await searchIn({ "": 0.1, ";": 0.9 }, { "": { "\n": 5, ";": 5 }, ";": { "\n": 9 } }, ends).found)?.tokens)).toBe(";");
    expect(await searchIn({ "": 0.5, ";": 0.5 }, { "": { z: 19 } }, { ...ends, share: 0.3 }).found).toBeUndefined();
  });

  it("says that it is less sure where it is told to", async () => {
    const sure = async (sharpness?: number) =>
      (await searchIn({ ab: 0.9, cd: 0.1 }, {}, { share: 0.999, sharpness }).found)?.logProb as number;
    expect(await sure(0.5)).toBeLessThan(await sure());
  });

  it("asks the engine no more than it may, and for the text's end", async () => {
    const { asked, found } = searchIn({ abcdef: 0.5, ghijkl: 0.5 }, {}, { share: 0.999, calls: 2 });
    expect(text((await found)?.tokens)).toMatch(/abcdef|ghijkl/);
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it("gives the probability among all that could come", async () => {
    expect((await searchIn({ ab: 0.5, ac: 0.5 }, {}, { share: 0.9, trust: 0 }).found)?.logProb).toBeCloseTo(Math.log(0.45), 3);
  });
});
