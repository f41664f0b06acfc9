import { describe, expect, it } from "vitest";
import { SPECIAL } from "../../native/tokenizer.ts";
import { frame } from "./frame.ts";
import { toyTokenizer } from "./toy.ts";
import { textOf, Vocabulary } from "./vocabulary.ts";

const vocabulary = new Vocabulary(toyTokenizer.vocabulary());
const bytes = (id: number) => vocabulary.text(id);

function parts(place: { path: string; prefix: string; suffix: string; imports?: string[] }) {
  const { ids, healed } = frame(place, toyTokenizer, bytes);
  const cut = ids.indexOf(SPECIAL.suf);
  const text = (some: Int32Array) => textOf([...some].map(bytes).join(""));
  return { ids, healed, prefix: text(ids.subarray(0, cut)), suffix: text(ids.subarray(cut + 1, -1)), tokens: cut };
}

describe("frame", () => {
  it("is <file>PATH, the text before, <suf>, the text after, <mid>, without the last token before the cursor", () => {
    const made = parts({ path: "a.ts", prefix: "x = foo", suffix: "\ny" });
    expect(made).toMatchObject({ prefix: "a.ts\nx = ", healed: "foo", suffix: "\ny" });
    expect([made.ids[0], made.ids.at(-1)]).toEqual([SPECIAL.file, SPECIAL.mid]);
  });

  it("heals the header's line end at the start of a file", () => {
    expect(parts({ path: "a.ts", prefix: "", suffix: "" })).toMatchObject({ prefix: "a.ts", healed: "\n" });
  });

  it("never reads special tokens out of text", () => {
    const { ids } = parts({ path: "a.md", prefix: "<mid> <file> <eof> ", suffix: "<suf>" });
    expect([...ids].filter((id) => id < 8)).toEqual([SPECIAL.file, SPECIAL.suf, SPECIAL.mid]);
  });

  it("turns CRLF into LF and drops a BOM", () => {
    expect(parts({ path: "a", prefix: "1\r\n2\r\n ", suffix: "\r\n3" })).toMatchObject({ prefix: "a\n1\n2\n", suffix: "\n3" });
  });

  it("holds at least 700 tokens, the header and then the text from a multiple of 64 tokens on", () => {
    for (const length of [690, 700, 800, 829, 2000, 5000]) {
      const made = parts({ path: "a", prefix: "x".repeat(length), suffix: "" });
      const all = length + 3; // <file> a \n
      const header = all > 700 ? 3 : 0; // once more: <file> a \n
      const start = all - (made.tokens + 1 - header);
      expect(start % 64).toBe(0);
      expect(made.tokens + 1).toBeGreaterThanOrEqual(Math.min(700, all));
      expect(made.tokens + 1).toBeLessThan(764);
    }
  });

  it("puts the imports before the end of a long text, as far as there is room", () => {
    const imports = ['import { foo } from "bar"', "x".repeat(500)];
    const made = parts({ path: "a", prefix: `${imports.join("\n")}\n${"y".repeat(2000)}`, suffix: "", imports });
    expect(made.prefix.startsWith('a\nimport { foo } from "bar"\nxxx')).toBe(true);
    expect(made.prefix).toMatch(/xy+$/);
    expect(made.prefix.replace(/y+$/, "").length).toBeLessThan(250);
    expect(made.tokens + 1).toBeLessThan(764);
  });

  it("keeps its start while a line grows, so that the engine reuses what it read", () => {
    const far = `${"line of code\n".repeat(20_000)}`;
    const starts = new Set<string>();
    for (let typed = 0; typed < 30; typed++)
      starts.add(parts({ path: "a", prefix: far + "y".repeat(typed + 1), suffix: "" }).prefix.slice(0, 40));
    expect(starts.size).toBeLessThanOrEqual(2);
  });

  it("takes at most 64 tokens of what follows", () => {
    const made = parts({ path: "a", prefix: "", suffix: "z".repeat(10_000) });
    expect(made.suffix).toBe("z".repeat(64));
  });

  it("does not tokenise all of a huge file", () => {
    let most = 0;
    const counting = {
      encodeText: (text: string) => {
        most = Math.max(most, text.length);
        return toyTokenizer.encodeText(text);
      },
    };
    frame({ path: "a", prefix: "é".repeat(3_000_000), suffix: "é".repeat(3_000_000) }, counting, bytes);
    expect(most).toBeLessThan(100_000);
  });
});
