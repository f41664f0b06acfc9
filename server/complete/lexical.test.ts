import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lexicalPlace } from "./lexical.ts";

describe("lexicalPlace", () => {
  it.each([
    ["typescript", "a = b", "code"],
    ["typescript", "a = 1; // not", "comment"],
    ["typescript", "// a\nb", "code"],
    ["typescript", "/* a\n b", "comment"],
    ["typescript", "/* a */ b", "code"],
    ["typescript", 'f("a', "string"],
    ["typescript", 'f("a\\"', "string"],
    ["typescript", 'f("a", ', "code"],
    ["typescript", 'f("a\\\\", ', "code"],
    ["typescript", "`a\n$b", "string"],
    ["typescript", 'fetch("https://a.b", ', "code"],
    ["python", "a = 1  # why", "comment"],
    ["python", 'def f():\n    """Does\n  ', "string"],
    ["python", 'def f():\n    """Does"""\n    ', "code"],
    ["python", "a // b", "code"],
    ["rust", "fn f<'a>(x: &'a str, ", "code"],
    ["rust", "fn f<'a>() {}\nlet x", "code"],
    ["lua", "--[[ a\n b", "comment"],
    ["haskell", "-- a", "comment"],
    ["sql", "select 'a", "string"],
    ["markdown", "it's `a", "code"],
    ["", "it's", "code"],
  ])("%s: %j is %s", (language, prefix, expected) => {
    expect(lexicalPlace(prefix, language)).toBe(expected);
  });

  it("ends, whatever stands there", () =>
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."ab'\"`/*#-\\\n[]{}"), maxLength: 60 }),
        fc.constantFrom("python", "lua", "go"),
        (text, language) => {
          expect(["code", "comment", "string"]).toContain(lexicalPlace(text, language));
        },
      ),
    ));
});
