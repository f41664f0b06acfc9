import { describe, expect, it } from "vitest";
import { surroundingsOf } from "./surroundings.ts";
import { tailCandidates, tailChances } from "./tails.ts";

const site = (head: string, tail: string) => ({ arguments: [], defines: false, head, tail });

describe("tails", () => {
  it("knows what follows other calls, here and elsewhere, and what closes the line's brackets", () => {
    const around = surroundingsOf("a = one(1);\nb(two(2)) ?? c;\nif (", "\n");
    const texts = tailCandidates({ around, head: "if (", call: "foo()", sites: [site("x = ", " || y;")] }).candidates.map(
      ({ text }) => text,
    );
    expect(texts).toEqual(expect.arrayContaining(["", ";", " ?? c;", ") ?? c;", " || y;", ") {"]));
  });

  it("leaves a definition's tail out", () => {
    const around = surroundingsOf("x = ", "\n");
    const texts = tailCandidates({ around, head: "x = ", call: "foo()", sites: [{ ...site("int ", " override;"), defines: true }] });
    expect(texts.candidates.map(({ text }) => text)).toEqual([""]);
  });

  const likeliest = (prefix: string, suffix: string) => {
    const around = surroundingsOf(prefix, suffix);
    return [...tailChances({ around, head: around.line, call: "foo(x)", sites: [] }).chances.keys()][0];
  };

  it("ends a line as the lines around do, and opens a block whose body is there", () => {
    expect(likeliest("  run(1);\n  walk(2);\n  ", "\n  go(3);\n")).toBe(";");
    expect(likeliest("  run(1)\n  walk(2)\n  ", "\n  go(3)\n")).toBe("");
    expect(likeliest("  if (run(1)) {\n    walk(2);\n  }\n  if (", "\n    go(3);\n  }\n")).toBe(") {");
  });
});
