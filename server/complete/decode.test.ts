import { describe, expect, it } from "vitest";
import { SPECIAL } from "../../native/tokenizer.ts";
import { choose, decode } from "./decode.ts";
import { frame } from "./frame.ts";
import { distributionOf, ToySession, toyTokenizer } from "./toy.ts";
import { textOf, Vocabulary } from "./vocabulary.ts";

const vocabulary = new Vocabulary(toyTokenizer.vocabulary());
const none = new Int32Array();
const encode = (bytes: string) => [...toyTokenizer.encodeText(textOf(bytes)).ids];

function decodeLine(line: string, prefix = "x = ", options: { maxTokens?: number; signal?: AbortSignal } = {}) {
  const session = new ToySession(line);
  const framed = frame({ path: "a", prefix, suffix: "" }, toyTokenizer, (id) => vocabulary.text(id));
  const { maxTokens = 40, signal = new AbortController().signal } = options;
  return {
    session,
    decoded: decode(session, framed, vocabulary, {
      hidden: none,
      maxTokens,
      signal,
      line: prefix.slice(prefix.lastIndexOf("\n") + 1),
      encode,
    }),
  };
}

describe("decode", () => {
  it("says what comes after the healed token", async () => {
    expect((await decodeLine(" getUser(1)", "x = ").decoded).text).toBe("getUser(1)");
  });

  it("takes a longer token that begins with the healed text", async () => {
    expect((await decodeLine("foob", "foo").decoded).text).toBe("b");
  });

  it("stops at a line end, also inside of a token, and at the end of the text", async () => {
    expect(await decodeLine(" foo\n    bar").decoded).toMatchObject({ text: "foo", stop: "line end" });
    expect(await decodeLine(" foo").decoded).toMatchObject({ text: "foo", stop: "end of text" });
  });

  it("does not take a healed line end for the stop", async () => {
    expect((await decodeLine("\n    foo", "{\n    ").decoded).text).toBe("foo");
  });

  it("stops after so many tokens", async () => {
    expect(await decodeLine(` ${"z".repeat(100)}`, "x = ", { maxTokens: 10 }).decoded).toMatchObject({
      text: "z".repeat(9),
      stop: "length",
    });
  });

  it("gives the place and probability of each token", async () => {
    const { tokens, stopLogProb } = await decodeLine(" foo()").decoded;
    expect(tokens.map((token) => token.end)).toEqual([3, 5]);
    for (const { logProb } of [...tokens, { logProb: stopLogProb }]) {
      expect(logProb).toBeLessThanOrEqual(0);
      expect(logProb).toBeGreaterThan(-0.1);
    }
  });

  it("says nothing more once it is cancelled", async () => {
    const abort = new AbortController();
    const { session, decoded } = decodeLine(" foo", "x = ", { signal: abort.signal });
    abort.abort();
    await expect(decoded).rejects.toThrow();
    expect(session.cancelled).toBe(1);
  });
});

const anything = { allowed: vocabulary.beginning(""), free: true };

describe("choose", () => {
  it("never chooses a special token but <eof>", () => {
    const logits = new Float32Array(vocabulary.size);
    logits.fill(5, 0, 8);
    logits[SPECIAL.eof] = 0;
    logits[20] = 1;
    expect(choose(distributionOf(logits), anything, vocabulary, true).id).toBe(20);
  });

  it("says something first, as unlikely as it is where the model would rather stop", () => {
    const logits = new Float32Array(vocabulary.size);
    logits[SPECIAL.eof] = 20;
    logits[vocabulary.beginning("\n")[0] as number] = 15;
    logits[vocabulary.beginning("b")[0] as number] = 10;
    expect(choose(distributionOf(logits), anything, vocabulary, true).id).toBe(SPECIAL.eof);
    const { id, logProb } = choose(distributionOf(logits), anything, vocabulary, false);
    expect(vocabulary.text(id)).toBe("b");
    expect(logProb).toBeLessThan(-9);
  });

  it("does not end before the healed text is out", () => {
    const logits = new Float32Array(vocabulary.size);
    logits[SPECIAL.eof] = 9;
    const healed = { allowed: vocabulary.beginning("fo"), free: false };
    expect(vocabulary.text(choose(distributionOf(logits), healed, vocabulary, false).id)).toMatch(/^f/);
  });
});
