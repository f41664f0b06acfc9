/** The native word index: its analysis, its ranking against a plain BM25F, and what it does with files. */
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { FieldWeights, PassageText } from "../../native/addon.ts";
import { Words } from "../../native/words.ts";
import { LANGUAGES } from "./languages.ts";
import { type OracleWord, rank } from "./oracle.ts";
import { addon } from "./text.ts";

const folder = mkdtempSync(join(tmpdir(), "words-"));
afterAll(() => rmSync(folder, { recursive: true }));

const WEIGHTS: FieldWeights = { path: 1.5, symbols: 2.5, body: 1 };
const passage = (id: number, body: string, symbols = "", path = ""): PassageText => ({ id, path, symbols, body });
const indexOf = async (...passages: PassageText[]) => {
  const words = new Words(addon);
  await words.add(passages);
  return words;
};
const found = async (words: Words, query: string, k = 10) => [...(await words.search(query, k, WEIGHTS)).ids];

let files = 0;
async function saved(words: Words, transaction: number): Promise<string> {
  const path = join(folder, `words-${files++}`);
  const fd = openSync(path, "w");
  await words.save(fd, transaction);
  closeSync(fd);
  return path;
}
async function load(path: string): Promise<{ words: Words; transaction: number }> {
  const words = new Words(addon);
  const fd = openSync(path, "r");
  try {
    return { words, transaction: await words.load(fd) };
  } finally {
    closeSync(fd);
  }
}

describe("terms", () => {
  const words = new Words(addon);
  const terms = (text: string) => words.terms(text).join(" ");

  it("gives identifiers whole and in parts", () => {
    expect(terms("HTTPServer")).toBe("httpserver http server");
    expect(terms("http_server")).toBe("httpserver http server");
    expect(terms("parseURLQuery2Json")).toBe("parseurlquery2json pars url queri json");
    expect(terms("MAX_RETRY_COUNT")).toBe("maxretrycount max retri count");
    expect(terms("sha256Sum")).toBe("sha256sum sha 256 sum");
    expect(terms("this.$store._items")).toBe("thi store item");
  });

  it("stems plain words and parts", () => {
    for (const family of [
      "tokenize tokenizer tokenization tokens",
      "parse parsed parsing parses",
      "connect connected connection connections connecting",
    ])
      expect(new Set(words.terms(family)).size).toBe(1);
    expect(terms("caresses ponies cats feed agreed plastered motoring hopping falling happy relational rational sky")).toBe(
      "caress poni cat feed agre plaster motor hop fall happi relat ration sky",
    );
    expect(terms("triplicate formalize electrical hopefulness adjustment adoption replacement effective controlling rate")).toBe(
      "triplic formal electr hope adjust adopt replac effect control rate",
    );
  });

  it("leaves out single characters and keeps numbers", () => {
    expect(terms("for (i = 0; i < 4127; i++) x += 0xFF;")).toBe("for 4127 0xff ff");
  });

  it("folds case and diacritics, composed or not, in every script", () => {
    expect(terms("Größe GRÖSSE ÉCOLE école Ünïcödé")).toBe("große gross ecol ecol unicod");
    expect(terms("ПРИВЕТ Привет Ελλάδα ЁЛКА")).toBe("привет привет ελλαδα елка");
  });

  it("takes scripts without spaces by pairs", () => {
    expect(terms("日本語のparser 한국어")).toBe("日本 本語 語の parser 한국 국어");
    expect(terms("字")).toBe("字");
  });

  it("indexes hashes and encoded data by the whole alone, cut to 64 bytes", () => {
    expect(terms("a1b2c3d4e5f6a7b8c9d0e1f2")).toBe("a1b2c3d4e5f6a7b8c9d0e1f2");
    expect(terms("Q".repeat(300))).toBe("q".repeat(64));
    expect(terms("é_".repeat(300))).toBe("e".repeat(64));
  });

  it("takes any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 100 }), fc.string({ unit: "grapheme", maxLength: 100 })), (text) => {
        for (const term of words.terms(text)) {
          expect(Buffer.byteLength(term)).toBeGreaterThan(0);
          expect(Buffer.byteLength(term)).toBeLessThanOrEqual(64);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("search", () => {
  it("finds a passage by a word of its body, its symbols and its path", async () => {
    const words = await indexOf(passage(1, "the quick brown fox"), passage(2, "", "jumpOver"), passage(3, "", "", "src/lazy/dog.ts"));
    expect(await found(words, "foxes")).toEqual([1]);
    expect(await found(words, "jump")).toEqual([2]);
    expect(await found(words, "LAZY dogs")).toEqual([3]);
    expect(await found(words, "cat")).toEqual([]);
  });

  it("puts the whole identifier before its parts", async () => {
    const words = await indexOf(
      passage(1, "parse the headers of headers and parse them"),
      passage(2, "call parse_headers here"),
      passage(3, "nothing at all"),
      passage(4, "headers only"),
    );
    expect(await found(words, "parseHeaders")).toEqual([2, 1, 4]);
    expect(await found(words, "parseheaders")).toEqual([2]);
  });

  it("drops stop words unless there is nothing else", async () => {
    const words = await indexOf(passage(1, "where is the fox"), passage(2, "how the other thing works"), passage(3, "a fox"));
    expect((await found(words, "where is the fox?")).sort()).toEqual([1, 3]);
    expect(await found(words, "where is the")).toEqual([1, 2]);
  });

  it("says which share of the query was found", async () => {
    const words = await indexOf(passage(1, "red green"), passage(2, "red"), passage(3, "blue"));
    const { ids, coverage } = await words.search("red green red", 10, WEIGHTS);
    expect([...ids]).toEqual([1, 2]);
    expect(coverage[0]).toBeCloseTo(1);
    expect(coverage[1]).toBeGreaterThan(0.2);
    expect(coverage[1]).toBeLessThan(0.5);
    expect((await words.search("blue unheardof", 1, WEIGHTS)).coverage[0]).toBeLessThan(0.5);
  });

  it("gives at most k, the best first, the smaller id among equals", async () => {
    const words = await indexOf(...Array.from({ length: 5000 }, (_, i) => passage(5000 - i, `common word${i % 7}`)));
    expect(await found(words, "common", 3)).toEqual([1, 2, 3]);
    expect(await found(words, "common", 0)).toEqual([]);
    expect((await found(words, "common", 10_000)).length).toBe(5000);
  });

  it("finds code of every language by its own words", async () => {
    const languages = Object.entries(LANGUAGES);
    const words = await indexOf(...languages.map(([, body], i) => passage(i + 1, body)));
    for (const [query, language] of [
      ["read lines of a file stream", "typescript"],
      ["utf8 decode two bytes", "c"],
      ["remove eldest entry", "java"],
      ["map accum traverse", "haskell"],
      ["日本語 テキスト", "markdown"],
      ["Grosse", "none"],
    ] as const)
      expect(await found(words, query, 1)).toEqual(language === "none" ? [] : [languages.findIndex(([name]) => name === language) + 1]);
  });

  it("takes any query", () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), async (query) => {
        const words = await indexOf(passage(1, query), passage(2, "other"));
        const hits = await words.search(query, 5, WEIGHTS);
        if (words.terms(query).length > 0) expect(hits.ids[0]).toBe(1);
        for (const share of hits.coverage) expect(share >= 0 && share <= 1.0001).toBe(true);
      }),
      { numRuns: 200 },
    ));

  it("counts passages with a word", async () => {
    const words = await indexOf(passage(1, "parseHeaders"), passage(2, "parsing headers"), passage(3, "header"));
    expect(words.documentFrequency("parseHeaders")).toBe(1);
    expect(words.documentFrequency("headers")).toBe(3);
    expect(words.documentFrequency("")).toBe(0);
    expect(words.documentFrequency("nowhere")).toBe(0);
  });
});

describe("add and remove", () => {
  it("replaces a passage whose id is there, and takes the last of equal ids", async () => {
    const words = await indexOf(passage(1, "old"), passage(-7, "unsaved"));
    await words.add([passage(1, "wrong"), passage(1, "fresh")]);
    expect(await found(words, "old wrong")).toEqual([]);
    expect(await found(words, "fresh unsaved")).toEqual([-7, 1]);
    expect(words.stats().passages).toBe(2);
  });

  it("keeps the order of calls that are not awaited", async () => {
    const words = new Words(addon);
    const pending: Promise<void>[] = [];
    for (let i = 0; i < 40; i++) {
      pending.push(words.add(Array.from({ length: i % 3 === 0 ? 300 : 1 }, (_, j) => passage(j, `version${i}a`))));
      if (i % 5 === 0) words.remove(Int32Array.of(0));
    }
    words.remove(Int32Array.of(0));
    pending.push(words.add([passage(0, "final")]));
    words.remove(Int32Array.of(299));
    await Promise.all(pending);
    expect(await found(words, "final")).toEqual([0]);
    expect(words.stats().passages).toBe(299);
    expect((await found(words, "version39a", 1000)).length).toBe(299 - 1);
  });

  it("refuses what is not a passage", async () => {
    const words = new Words(addon);
    await expect(words.add([{} as PassageText])).rejects.toThrow(/numeric id/);
    await expect(words.add([null as unknown as PassageText])).rejects.toThrow(/numeric id/);
  });
});

describe("save and load", () => {
  it("brings back everything with its transaction", async () => {
    const words = await indexOf(passage(1, "red fox"), passage(2, "blue fox"), passage(3, "green fox"));
    words.remove(Int32Array.of(2));
    const copy = await load(await saved(words, 2 ** 40 + 1));
    expect(copy.transaction).toBe(2 ** 40 + 1);
    expect(await found(copy.words, "fox")).toEqual([1, 3]);
    await copy.words.add([passage(3, "grey wolf")]);
    expect(await found(copy.words, "fox")).toEqual([1]);
    const again = await load(await saved(copy.words, 2));
    expect(await found(again.words, "fox")).toEqual([1]);
    expect(await found(again.words, "wolf")).toEqual([3]);
  });

  it("saves and loads an empty index", async () => {
    const copy = await load(await saved(new Words(addon), 7));
    expect(copy.transaction).toBe(7);
    expect(copy.words.stats().passages).toBe(0);
  });

  it("refuses to load into an index that is not empty", async () => {
    const words = await indexOf(passage(1, "fox"));
    const path = await saved(words, 1);
    const fd = openSync(path, "r");
    await expect(words.load(fd)).rejects.toMatchObject({ code: "bad-argument" });
    closeSync(fd);
  });

  it("refuses a file cut short anywhere", async () => {
    const path = await saved(await indexOf(...Object.values(LANGUAGES).map((body, i) => passage(i, body))), 1);
    const whole = readFileSync(path);
    for (const size of [0, 1, 63, 64, 65, 1000, whole.length >> 1, whole.length - 8, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, size));
      await expect(load(path)).rejects.toMatchObject({ code: "io" });
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.of(0)]));
    await expect(load(path)).rejects.toMatchObject({ code: "io" });
  });

  it("refuses a file with any byte changed", async () => {
    const path = await saved(await indexOf(...Object.values(LANGUAGES).map((body, i) => passage(i, body))), 1);
    const whole = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.nat(whole.length - 1), fc.nat(63)), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const copy = Buffer.from(whole);
        copy[at] = copy[at]! ^ change;
        writeFileSync(path, copy);
        await expect(load(path)).rejects.toMatchObject({ code: "io" });
      }),
      { numRuns: 300 },
    );
  });

  it("says when a file cannot be written or read", async () => {
    const words = await indexOf(passage(1, "fox"));
    const path = await saved(words, 1);
    const readOnly = openSync(path, "r");
    await expect(words.save(readOnly, 1)).rejects.toMatchObject({ code: "io" });
    closeSync(readOnly);
    const directory = openSync(folder, "r");
    await expect(new Words(addon).load(directory)).rejects.toMatchObject({ code: "io" });
    closeSync(directory);
    await expect(new Words(addon).load(-1)).rejects.toMatchObject({ code: "io" });
  });

  it("keeps working after its file is deleted", async () => {
    const path = await saved(await indexOf(passage(1, "fox")), 1);
    const fd = openSync(path, "r");
    expect(fstatSync(fd).size).toBeGreaterThan(64);
    const words = new Words(addon);
    await words.load(fd);
    closeSync(fd);
    rmSync(path);
    expect(await found(words, "fox")).toEqual([1]);
  });
});

describe("any sequence of writes", () => {
  const VOCABULARY = [
    "parse",
    "parsing",
    "header",
    "headers",
    "parseHeaders",
    "parse_headers",
    "http",
    "HTTPServer",
    "server",
    "x1",
    "utf8",
    "reader",
    "sha256",
    "日本語",
    "naïve",
  ];
  const text = fc.array(fc.constantFrom(...VOCABULARY), { maxLength: 12 }).map((list) => list.join(" "));
  const long = fc.tuple(fc.constantFrom(...VOCABULARY), fc.integer({ min: 1, max: 400 })).map(([word, times]) => `${word} `.repeat(times));
  const passages = fc.array(
    fc.record({
      id: fc.integer({ min: -5, max: 25 }),
      path: text,
      symbols: text,
      body: fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: long }),
    }),
    { minLength: 1, maxLength: 6 },
  );
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("add" as const), passages }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("remove" as const), ids: fc.array(fc.integer({ min: -5, max: 25 }), { maxLength: 5 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("reload" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("save" as const) }) },
  );
  const query = fc.uniqueArray(
    fc.constantFrom("parse", "headers", "parseHeaders", "HTTPServer", "server", "utf8", "sha256", "unknown", "日本語"),
    { minLength: 1, maxLength: 4 },
  );

  /** The words of a query as the oracle wants them; every word of `query` is one word to the analysis. */
  function oracleWords(words: Words, list: string[]): OracleWord[] {
    const made = list.map((word): OracleWord => {
      const terms = words.terms(word);
      if (/^[a-z]+$/.test(word)) return { whole: word === terms[0] ? "" : word, parts: terms, plain: true };
      return word === "日本語" ? { whole: "", parts: terms, plain: false } : { whole: terms[0]!, parts: terms.slice(1), plain: false };
    });
    return made;
  }

  it("ranks the living passages as plain BM25F does", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), query, async (steps, list) => {
        let words = new Words(addon);
        const living = new Map<number, PassageText>();
        for (const one of steps) {
          if (one.kind === "add") {
            await words.add(one.passages);
            for (const added of one.passages) living.set(added.id, added);
          } else if (one.kind === "remove") {
            words.remove(Int32Array.from(one.ids));
            for (const id of one.ids) living.delete(id);
          } else {
            const path = await saved(words, 5);
            if (one.kind === "reload") words = (await load(path)).words;
            rmSync(path);
          }
        }
        const hits = await words.search(list.join(" "), 100, WEIGHTS);
        const wanted = rank([...living.values()], oracleWords(words, list), WEIGHTS, (body) => words.terms(body));
        expect(words.stats().passages).toBe(living.size);
        expect([...hits.ids].sort((a, b) => a - b)).toEqual(wanted.map(({ id }) => id).sort((a, b) => a - b));
        hits.ids.forEach((id, i) => {
          const { score, coverage } = wanted.find((hit) => hit.id === id)!;
          expect(hits.scores[i]).toBeCloseTo(score, 3);
          expect(hits.coverage[i]).toBeCloseTo(coverage, 3);
          if (i > 0) expect(hits.scores[i]!).toBeLessThanOrEqual(hits.scores[i - 1]!);
        });
        for (const word of ["parse", "parseHeaders", "server"]) {
          const term = words.terms(word)[0]!;
          const holds = [...living.values()].filter((one) => words.terms(`${one.path} ${one.symbols} ${one.body}`).includes(term));
          expect(words.documentFrequency(word)).toBe(holds.length);
        }
      }),
      { numRuns: 300 },
    ));

  it("ranks thousands of passages in many batches as plain BM25F does", async () => {
    const words = new Words(addon);
    const living = new Map<number, PassageText>();
    const pick = (seed: number, count: number) =>
      Array.from({ length: count }, (_, i) => VOCABULARY[Math.abs(Math.imul(seed + i * 7919, 2654435761) >> 8) % VOCABULARY.length]).join(
        " ",
      );
    for (let first = 0; first < 9000; first += 450) {
      const batch = Array.from({ length: 450 }, (_, i) => first + i).map((id) => ({
        id,
        path: pick(id, 3),
        symbols: pick(id + 1, id % 4),
        body: pick(id + 2, id % 90),
      }));
      await words.add(batch);
      for (const one of batch) living.set(one.id, one);
    }
    const gone = Array.from({ length: 2500 }, (_, i) => i * 3);
    words.remove(Int32Array.from(gone));
    for (const id of gone) living.delete(id);
    const replaced = Array.from({ length: 700 }, (_, i) => passage(i * 11, pick(i, 5)));
    await words.add(replaced);
    for (const one of replaced) living.set(one.id, one);
    const list = ["parseHeaders", "server", "utf8"];
    const hits = await words.search(list.join(" "), 200, WEIGHTS);
    const wanted = rank([...living.values()], oracleWords(words, list), WEIGHTS, (body) => words.terms(body)).slice(0, 200);
    expect(hits.ids.length).toBe(200);
    hits.ids.forEach((_, i) => {
      expect(hits.scores[i]).toBeCloseTo(wanted[i]!.score, 3);
      expect(living.has(hits.ids[i]!)).toBe(true);
    });
  });
});
