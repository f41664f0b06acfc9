import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Begun } from "./name-trie.ts";
import { toyTokenizer } from "./toy.ts";
import { Vocabulary } from "./vocabulary.ts";

const vocabulary = new Vocabulary(toyTokenizer.vocabulary());

describe("NameTrie", () => {
  const names = fc.array(
    fc.tuple(fc.string({ unit: fc.constantFrom("f", "o", "b", "(", "é"), minLength: 1, maxLength: 5 }), fc.integer({ min: -1, max: 5 })),
    {
      maxLength: 6,
    },
  );

  it("gives each token the best name that begins with it, after what stands before the name", () =>
    fc.assert(
      fc.property(names, (scored) => {
        const found = vocabulary.names.best(scored);
        for (const lead of ["", "(", " "])
          for (let id = 0; id < vocabulary.size; id++) {
            const text = vocabulary.text(id);
            if (text === "" || text.length <= lead.length || !text.startsWith(lead)) continue;
            const begun = scored.filter(([name]) => Buffer.from(name).toString("latin1").startsWith(text.slice(lead.length)));
            const best = Math.max(0, ...begun.map(([, score]) => score));
            expect(scoreOf(found.get(lead), id)).toBe(best);
          }
      }),
    ));

  it("continues names that are written in part", () => {
    const found = vocabulary.names.best([["xfoobar", 2]], 1).get("");
    expect(found?.ids.map((id) => vocabulary.text(id))).toEqual(["f", "foo", "foob"]);
    expect(found?.scores).toEqual([2, 2, 2]);
  });
});

function scoreOf(begun: Begun | undefined, id: number): number {
  const at = begun?.ids.indexOf(id) ?? -1;
  return at < 0 ? 0 : (begun?.scores[at] as number);
}
