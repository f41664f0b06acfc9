import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callsIn } from "./calls.ts";

describe("callsIn", () => {
  it("reads what is passed and what follows", () => {
    expect(callsIn('x = foo(a, b(1, 2), "c, d"); // y\nfoo()', "foo")).toEqual([
      { arguments: ["a", "b(1, 2)", '"c, d"'], tail: "; // y" },
      { arguments: [], tail: "" },
    ]);
  });

  it("reads type arguments and lists of several lines", () => {
    expect(callsIn("foo<T>(\n  a,\n  b,\n)", "foo")).toEqual([{ arguments: ["a", "b"], tail: "" }]);
  });

  it("takes neither a part of a name nor a definition for a call", () => {
    for (const text of ["afoo(1)", "foob(1)", "def foo(a):", "func (r R) foo(a int) {", "static int foo(char *a) {", "foo(a"])
      expect(callsIn(text, "foo"), text).toEqual([]);
  });

  it("reads any text", () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(callsIn(`foo(${text}`, "foo"))));
  });
});
