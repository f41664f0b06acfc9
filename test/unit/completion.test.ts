/** Framing and token healing with the model's own tokenizer. */
import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadAddon } from "../../native/load.ts";
import { SPECIAL, Tokenizer } from "../../native/tokenizer.ts";
import { frame } from "../../server/complete/frame.ts";
import { Vocabulary } from "../../server/complete/vocabulary.ts";
import { addonFile, modelFolder } from "../../server/home.ts";

const built = existsSync(addonFile);
if (!built) console.warn(`\n  test/unit/completion.test.ts SKIPPED, because ${addonFile} is missing: run npm run build first\n`);

const tokenizer = built ? await Tokenizer.load(loadAddon(addonFile), modelFolder) : (undefined as never);

describe.skipIf(!built)("completion with the model's tokenizer", () => {
  const vocabulary = built ? new Vocabulary(tokenizer.vocabulary()) : (undefined as never);
  const framed = (prefix: string, suffix = "") => frame({ path: "src/a.ts", prefix, suffix }, tokenizer, (id) => vocabulary.text(id));
  const text = () =>
    fc.string({
      unit: fc.oneof(fc.constantFrom(..."ab {}()\n\t\"'_"), fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 })),
      maxLength: 60,
    });

  it("reads a short file as its stored document begins, less the last token", () => {
    const prefix = 'import { b } from "./b.ts";\n\nexport function a() {\n  return b.';
    const { ids, healed } = framed(prefix, "\n}\n");
    const document = tokenizer.frameFile("src/a.ts", prefix).ids;
    const before = ids.subarray(0, ids.indexOf(SPECIAL.suf));
    expect([...before]).toEqual([...document.subarray(0, -2)]); // less the healed token and <eof>
    expect(healed).toBe(".");
    expect(tokenizer.decode(ids.subarray(before.length + 1, -1))).toBe("\n}\n");
  });

  it("loses nothing of the text before the cursor", () =>
    fc.assert(
      fc.property(text(), (prefix) => {
        const { ids, healed } = framed(prefix);
        const before = Buffer.from(tokenizer.decode(ids.subarray(0, ids.indexOf(SPECIAL.suf))), "utf8");
        const last = Buffer.from(healed, "latin1");
        const whole = Buffer.from(`src/a.ts\n${prefix.replaceAll("\r\n", "\n")}`, "utf8");
        if (before.includes("\ufffd")) return; // the healed token is half of a character
        expect(Buffer.concat([before, last]).equals(whole)).toBe(true);
      }),
    ));

  it("can spell any text from any token on", () =>
    fc.assert(
      fc.property(text(), (required) => {
        let left = Buffer.from(required, "utf8").toString("latin1");
        while (left !== "") {
          const allowed = vocabulary.beginning(left);
          const longest = [...allowed]
            .filter((id) => left.startsWith(vocabulary.text(id)))
            .sort((a, b) => vocabulary.text(b).length - vocabulary.text(a).length)[0];
          expect(longest).toBeDefined();
          left = left.slice(vocabulary.text(longest as number).length);
        }
      }),
    ));
});
