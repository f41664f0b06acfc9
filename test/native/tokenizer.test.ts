/** The native tokenizer against the reference: the `tokenizers` package on the same tokenizer.json, and the ids of the model's fixtures. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Tokenizer as Reference } from "tokenizers";
import { describe, expect, it } from "vitest";
import { isFailure, NativeError } from "../../native/addon.ts";
import { normaliseText, SPECIAL, Tokenizer } from "../../native/tokenizer.ts";
import { LANGUAGES } from "./languages.ts";
import { addon, MODEL } from "./text.ts";

const json = readFileSync(join(MODEL, "tokenizer.json"));
const tokenizer = await Tokenizer.load(addon, MODEL);
// Without added tokens the reference does not recognise specials inside text, as ours never does.
const reference = Reference.fromString(JSON.stringify({ ...JSON.parse(json.toString()), added_tokens: [] }));

async function expected(text: string): Promise<number[]> {
  return (await reference.encode(text, null, { addSpecialTokens: false })).getIds();
}

const ours = (text: string) => [...tokenizer.encodeText(text).ids];

describe("encodeText", () => {
  for (const [language, code] of Object.entries(LANGUAGES))
    it(`agrees with the reference on ${language}`, async () => {
      expect(ours(code)).toEqual(await expected(code));
      const indented = code.replaceAll("\n", "\r\n  \t");
      expect(ours(indented)).toEqual(await expected(indented));
    });

  it("agrees with the reference on every code point, between and behind characters of each kind", async () => {
    for (let first = 0; first < 0x110000; first += 0x4000) {
      // Planes 4 to 13 are not assigned, 15 and 16 private: the first few code points stand for the rest.
      const count = first >= 0x40000 && first !== 0xe0000 ? 16 : 0x4000;
      const text = Array.from({ length: count }, (_, i) => first + i)
        .filter((code) => code < 0xd800 || code > 0xdfff)
        .map((code) => String.fromCodePoint(code))
        .map((c) => `a${c}B${c}${c}b ${c}x1${c}2\t${c}\n${c} \n`)
        .join("");
      const [got, wanted] = [ours(text), await expected(text)];
      const at = got.findIndex((id, i) => id !== wanted[i]);
      expect(at === -1 && got.length === wanted.length ? "" : `differs near U+${first.toString(16)}: token ${at}`).toBe("");
    }
  }, 240_000);

  it("agrees with the reference on any string of characters that matter", () => {
    const character = fc.constantFrom(
      ..." \t\n\r.,_-<>(){}'\"$#/\\=+*019aBcDXYz",
      "é",
      "É",
      "ß",
      "Ǆ",
      "ǅ",
      "ʰ",
      "漢",
      "字",
      "ا",
      "́",
      "²",
      "Ⅷ",
      "\u0085",
      "\u00a0",
      "\u2028",
      "\u3000",
      "\ufeff",
      "👍",
      "\u200d",
      "\0",
    );
    return fc.assert(
      fc.asyncProperty(fc.array(character, { maxLength: 60 }), async (characters) => {
        const text = characters.join("");
        expect(ours(text)).toEqual(await expected(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("agrees with the reference on any Unicode string", () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 40 }), async (text) => {
        expect(ours(text)).toEqual(await expected(text));
      }),
      { numRuns: 1000 },
    ));

  it("agrees with the reference on very long pieces", async () => {
    for (const text of [
      "=".repeat(5000),
      "abcdefghij".repeat(700),
      "漢字".repeat(3000),
      " ".repeat(4999),
      `${"-=".repeat(900)}\n${"aA".repeat(2000)}`,
      "x".repeat(47) + "Z".repeat(49),
    ])
      expect(ours(text)).toEqual(await expected(text));
  });

  it("never recognises special tokens inside text", () => {
    const text = "<pad><eof><file>a<q>b<a>c<suf><mid><commit>";
    for (const id of ours(text)) expect(id).toBeGreaterThan(SPECIAL.commit);
    expect(tokenizer.decode(tokenizer.encodeText(text).ids)).toBe(text);
  });

  it("gives the byte offset after every token", () => {
    const text = "const größe = 漢字;\n\treturn 12345;\n";
    const { ids, ends } = tokenizer.encodeText(text);
    const bytes = Buffer.from(text);
    let at = 0;
    ids.forEach((id, i) => {
      expect(Buffer.from(tokenizer.vocabulary()[id]!)).toEqual(bytes.subarray(at, ends[i]));
      at = ends[i]!;
    });
    expect(at).toBe(bytes.length);
  });

  it("keeps any bytes, valid UTF-8 or not", async () => {
    const native = await addon.createTokenizer(json);
    if (isFailure(native)) throw new NativeError(native);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { ids, ends } = native.encode(bytes);
        expect(native.decode(ids)).toEqual(bytes);
        expect(ends.at(-1) ?? 0).toBe(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives nothing for nothing", () => {
    expect(ours("")).toEqual([]);
    expect(tokenizer.decode(new Int32Array(0))).toBe("");
  });
});

describe("decode", () => {
  it("gives nothing for specials and unknown ids", () => {
    expect(tokenizer.decode(Int32Array.of(SPECIAL.file, ...ours("ab"), SPECIAL.eof, -1, 32768, 2 ** 31 - 1))).toBe("ab");
  });
});

describe("vocabulary", () => {
  it("holds the bytes of all 32,768 tokens, specials empty", () => {
    const entries = tokenizer.vocabulary();
    expect(entries.length).toBe(32768);
    expect(entries.slice(0, 8).every((bytes) => bytes.length === 0)).toBe(true);
    expect(entries.slice(8).every((bytes) => bytes.length > 0)).toBe(true);
    expect(Buffer.from(entries[ours(" return")[0]!]!).toString()).toBe(" return");
  });
});

describe("frameFile", () => {
  interface Fixture {
    documents: { text: string; ids: number[] }[];
    cases: { text?: string; ids: number[] }[];
  }
  const fixtures = JSON.parse(readFileSync(join(MODEL, "fixtures", "fixtures.json"), "utf8")) as Fixture;

  it("makes the ids of the model's fixtures", () => {
    const files = fixtures.documents.filter((document) => document.text.startsWith("<file>"));
    expect(files.length).toBe(3);
    for (const { text, ids } of files) {
      const end = text.indexOf("\n");
      const framed = tokenizer.frameFile(text.slice("<file>".length, end), text.slice(end + 1));
      expect([...framed.ids, ...new Array(ids.length - framed.ids.length).fill(SPECIAL.pad)]).toEqual(ids);
    }
  });

  it("makes the ids of the fixtures' questions", () => {
    const questions = fixtures.cases.filter((one) => /^<q>[^<]*<a>$/.test(one.text ?? ""));
    expect(questions.length).toBeGreaterThanOrEqual(3);
    for (const { text, ids } of questions) expect([...tokenizer.frameQuestion(text!.slice(3, -3))]).toEqual(ids);
  });

  it("says which lines each chunk holds", () => {
    const text = Array.from({ length: 40 }, (_, i) => `  const value${i} = compute(${i}, "${"x".repeat(i % 7)}");\n`).join("");
    const { ids, chunkLines } = tokenizer.frameFile("src/values.ts", text);
    const chunks = Math.ceil(ids.length / 64);
    expect(chunkLines.length).toBe(2 * chunks);
    expect(chunkLines[0]).toBe(1);
    expect(chunkLines.at(-1)).toBe(40);
    const lines = text.split("\n");
    for (let chunk = 0; chunk < chunks; chunk++) {
      const [first, last] = [chunkLines[2 * chunk]!, chunkLines[2 * chunk + 1]!];
      const shown = lines.slice(first - 1, last).join("\n");
      const held = tokenizer
        .decode(ids.subarray(chunk * 64, chunk * 64 + 64))
        .replace("src/values.ts\n", "")
        .trim();
      expect(shown).toContain(held);
      expect(lines.slice(first, last).join("\n")).not.toContain(held.split("\n").length > 1 ? held : "\0");
    }
  });

  it("gives line 1 to a file of a header alone, and to a header of several lines", () => {
    expect([...tokenizer.frameFile("a.txt", "").chunkLines]).toEqual([1, 1]);
    expect([...tokenizer.frameFile("odd\nname\n.txt", "only line").chunkLines]).toEqual([1, 1]);
  });

  it("gives blank chunks the line on which they begin", () => {
    const { chunkLines } = tokenizer.frameFile("a", `x${"\n".repeat(200)}y`);
    expect(chunkLines[0]).toBe(1);
    expect(chunkLines.at(-1)).toBe(201);
    for (let i = 2; i < chunkLines.length; i++) expect(chunkLines[i]!).toBeGreaterThanOrEqual(chunkLines[i - 1]!);
  });
});

describe("normaliseText", () => {
  it("drops a byte order mark, turns CRLF into LF and invalid bytes into U+FFFD, and keeps a lone CR", () => {
    expect(normaliseText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 13, 10, 0x62, 13, 0x63, 0xff, 10))).toBe("a\nb\rc\ufffd\n");
  });
});

describe("Tokenizer.load", () => {
  const folder = mkdtempSync(join(tmpdir(), "tokenizer-"));

  it("names the file that is missing", async () => {
    await expect(Tokenizer.load(addon, join(folder, "nowhere"))).rejects.toThrow(/nowhere.tokenizer\.json/);
    mkdirSync(join(folder, "model", "tokenizer.json"), { recursive: true });
    await expect(Tokenizer.load(addon, join(folder, "model"))).rejects.toThrow(NativeError);
    rmSync(folder, { recursive: true });
  });

  it("refuses a damaged tokenizer.json as bad-model", async () => {
    const code = async (text: string | Uint8Array) => {
      const made = await addon.createTokenizer(typeof text === "string" ? Buffer.from(text) : text);
      return isFailure(made) ? made.code : "made";
    };
    const whole = JSON.parse(json.toString());
    expect(await code(json)).toBe("made");
    for (const text of ["", "{", "[]", "null", "[".repeat(100_000), '{"a":'.repeat(100_000), '{"model":{"vocab":{"a":99999999999}}}'])
      expect(await code(text)).toBe("bad-model");
    for (const part of [0.1, 0.5, 0.9, 0.9999]) expect(await code(json.subarray(0, Math.floor(json.length * part)))).toBe("bad-model");
    expect(await code(JSON.stringify({ ...whole, model: { ...whole.model, vocab: { "!": 0 } } }))).toBe("bad-model");
    expect(await code(JSON.stringify({ ...whole, model: { ...whole.model, merges: [["Ġ", "nowhere!"]] } }))).toBe("bad-model");
    expect(await code(JSON.stringify({ ...whole, model: { ...whole.model, ignore_merges: true } }))).toBe("bad-model");
    expect(await code(json.toString().replace("{1,2}", "{1,3}"))).toBe("bad-model");
  });

  it("never fails badly on any change of a few bytes", async () => {
    const start = json.indexOf('"vocab"');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(start + 2000), fc.nat(255)), { minLength: 1, maxLength: 3 }), async (changes) => {
        const copy = Buffer.from(json);
        for (const [at, byte] of changes) copy[at] = byte;
        const made = await addon.createTokenizer(copy);
        if (isFailure(made)) expect(made.code).toBe("bad-model");
      }),
      { numRuns: 60 },
    );
  });
});
