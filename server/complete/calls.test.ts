import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callsIn } from "./calls.ts";

describe("callsIn", () => {
  it("reads what is passed and what follows", () => {
    expect(callsIn('x = foo(a, b(1, 2), "c, d"); // y\nfoo()', "foo")).toEqual([
      { arguments: ["a", "b(1, 2)", '"c, d"'], defines: false, tail: "; // y", head: "x = " },
      { arguments: [], defines: false, tail: "", head: "" },
    ]);
  });

  it("reads type arguments and lists of several lines", () => {
    expect(callsIn("foo<T>(\n  a,\n  b,\n)", "foo")).toEqual([{ arguments: ["a", "b"], defines: false, tail: "", head: "" }]);
  });

  it("takes no part of a name, and nothing that does not end, for a call", () => {
    for (const text of ["afoo(1)", "foob(1)", "foo(a"]) expect(callsIn(text, "foo"), text).toEqual([]);
  });

  it("tells declarations from calls", () => {
    for (const text of ["def foo(a):", "func (r R) foo(a int) {", "static int foo(char *a) {", "void foo( Stats const& a ) override;"])
      expect(callsIn(text, "foo"), text).toMatchObject([{ defines: true }]);
    for (const text of ["foo(new A)", "foo(a, *b)", "return foo(await a)"])
      expect(callsIn(text, "foo"), text).toMatchObject([{ defines: false }]);
  });

  it("reads any text", () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(callsIn(`foo(${text}`, "foo"))));
  });
});
