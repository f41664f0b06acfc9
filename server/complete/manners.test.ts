import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { declines, polish } from "./manners.ts";

/** "before|after" with the cursor at the bar. */
function offer(place: string, text: string, complete = true) {
  const cursor = place.indexOf("|");
  const redact = (line: string) => line.replace(/sk-\w{8,}/, "…");
  return polish({ text, prefix: place.slice(0, cursor), suffix: place.slice(cursor + 1), complete, redact });
}

describe("polish", () => {
  it.each([
    ["const a = |", "load(path);", "load(path);"],
    ["const a = |\n", "load(path);  \n  next();", "load(path);"],
    ["const a = |\r\nb", "load(path);", "load(path);"],
    ["f(|)", "a, b)", "a, b"],
    ["f(|)", "a, g(b))", "a, g(b)"],
    ["f(|)", "g(b)", "g(b)"],
    ["f(|);", "a);", "a"],
    ["x[f(|)]", "a)]", "a"],
    ['print("|")', 'hello")', "hello"],
    ["call(\n  a,\n|", ");", ");"],
    ["if (a) {\n  b();\n|", "}", "}"],
    ["return |", " value", "value"],
    ["{ a: | }", "b }", "b"],
    ["{ a: |}", "b }", "b "],
    ["fn f<'a>(x: &'a str, y: &'a str|", ") -> &'a str {", ") -> &'a str {"],
    ["m.each |", "do |x|", "do |x|"],
  ])("%j + %j", (place, text, expected) => {
    expect(offer(place, text)).toEqual({ text: expected, reason: "" });
  });

  it("says nothing that is blank or nothing", () => {
    for (const text of ["", "   ", "\t", "\n", "\n\n  foo"]) expect(offer("a |", text)).toEqual({ text: "", reason: "nothing to add" });
  });

  it("stops before a bracket that closes nothing", () => {
    expect(offer("x = |", "a) + b").text).toBe("a");
    expect(offer("x = |\n", "a]").text).toBe("a");
    expect(offer("f(a)|", ")").reason).toBe("nothing to add");
    expect(offer("x = |", "[a) + b").text).toBe("[a");
  });

  it("takes no bracket in a string for one", () => {
    expect(offer("x = |", "')' + b").text).toBe("')' + b");
  });

  it("never repeats the rest of the line", () => {
    expect(offer("let x = | + 1;", "y + 1;")).toEqual({ text: "y", reason: "" });
  });

  it("never repeats the line below", () => {
    expect(offer("  |\n\n  import b\n", "import b")).toEqual({ text: "", reason: "repeats the line below" });
    expect(offer("import |\r\nimport b\r\n", "b")).toEqual({ text: "", reason: "repeats the line below" });
    expect(offer("  |\n  }\n", "}").reason).not.toBe("repeats the line below");
  });

  it("stands before other code only when the decoder was done", () => {
    expect(offer("a = | + c", "b", false).reason).toBe("inside a line");
    expect(offer("a = | + c", "b", true).text).toBe("b");
    expect(offer("f(|)", "b", false).text).toBe("b");
  });

  it("offers no secret", () => {
    expect(offer("key = |", "'sk-abcdefgh123'")).toEqual({ text: "", reason: "secret" });
    expect(offer("key = 'sk-abcd|", "efgh123'").reason).toBe("secret");
  });

  it("cuts at a control character or a broken one", () => {
    expect(offer("a |", "b\u0000c").text).toBe("b");
    expect(offer("a |", "b\ufffdc").text).toBe("b");
  });

  const code = fc.string({ unit: fc.constantFrom(..."ab()[]{}'\"\\; \n\r\t"), maxLength: 30 });
  it("is one line of what was decoded, or a reason, whatever is there", () =>
    fc.assert(
      fc.property(code, code, code, fc.boolean(), (prefix, suffix, text, complete) => {
        const made = polish({ text, prefix, suffix, complete, redact: (line) => line });
        expect(made.reason === "").toBe(made.text !== "");
        expect(made.text).not.toMatch(/[\r\n]/);
        if (/^\s*(?:[\r\n]|$)/.test(suffix)) expect(made.text).toBe(made.text.trimEnd());
        expect(text).toContain(made.text);
      }),
    ));
});

describe("declines", () => {
  const all = { disabledLanguages: ["markdown"], inComments: true, inStrings: true };

  it("does not complete languages that are off, nor inside of a word", () => {
    expect(declines({ prefix: "a", suffix: "", language: "markdown" }, all)).toBe("language is off");
    expect(declines({ prefix: "va", suffix: "lue", language: "go" }, all)).toBe("inside a word");
    expect(declines({ prefix: "va ", suffix: "lue", language: "go" }, all)).toBe("");
  });

  it("leaves lines alone that no person writes", () => {
    const long = "a.b;".repeat(600);
    expect(declines({ prefix: long, suffix: "", language: "go" }, all)).toBe("the line is too long");
    expect(declines({ prefix: "x ", suffix: ` ${long}`, language: "go" }, all)).toBe("the line is too long");
    expect(declines({ prefix: `${long}\nx `, suffix: `\n${long}`, language: "go" }, all)).toBe("");
  });

  it("does not complete comments and strings where they are off", () => {
    const comment = { prefix: "a // b", suffix: "", language: "go" };
    const string = { prefix: 'f("b', suffix: '")', language: "go" };
    expect([declines(comment, all), declines(string, all)]).toEqual(["", ""]);
    expect(declines(comment, { ...all, inComments: false })).toBe("comments are off");
    expect(declines(string, { ...all, inStrings: false })).toBe("strings are off");
    expect(declines({ ...comment, prefix: "a" }, { ...all, inComments: false, inStrings: false })).toBe("");
  });
});
