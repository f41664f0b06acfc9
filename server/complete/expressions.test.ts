import { describe, expect, it } from "vitest";
import { expressionsAbove, isLiteral, namesOf } from "./expressions.ts";

describe("expressionsAbove", () => {
  it("tells how near an expression stands, how often, and whether it is declared", () => {
    const found = expressionsAbove("const limit = 3\nuse(limit, this.state.count)\nx = ", [true, false]);
    expect(found.get("limit")).toMatchObject({ count: 2, above: 1, declared: true, visible: true });
    expect(found.get("this.state.count")).toMatchObject({ count: 1, declared: false });
  });

  it.each([
    ["func f(ctx context.Context, n int) {", "ctx"],
    ["static int f(struct easy *data) {", "data"],
    ["data, err := read()", "data"],
    ["fun f(name: String) {", "name"],
  ])("knows declarations: %s", (line, name) => {
    expect(expressionsAbove(`${line}\n`, []).get(name)?.declared).toBe(true);
  });

  it("leaves comments, imports and words of a language out", () => {
    expect([...expressionsAbove("// note\nimport { a } from b\nreturn value\n", []).keys()]).toEqual(["value"]);
  });
});

describe("namesOf", () => {
  it("reads the names of an expression, none in a string", () => {
    expect(namesOf("&ctx->q.fd")).toEqual(["ctx", "q", "fd"]);
    expect(namesOf("'a' + b")).toEqual(["b"]);
  });
});

describe("isLiteral", () => {
  it("is a number, a string or a word for a value", () => {
    for (const text of ["1", "-2.5f", '"a b"', "'x'", "nil", "true"]) expect(isLiteral(text), text).toBe(true);
    for (const text of ["a", '"a" + b', "nilly", "f(1)"]) expect(isLiteral(text), text).toBe(false);
  });
});
