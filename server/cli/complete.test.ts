import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { offsetOf, PlaceError } from "./complete.ts";

describe("offsetOf", () => {
  it("counts lines and UTF-16 columns from 1", () => {
    expect(offsetOf("ab\ncd", "f", 2, 2)).toEqual({ before: "ab\nc", after: "d" });
    expect(offsetOf("a😀b", "f", 1, 4)).toEqual({ before: "a😀", after: "b" });
    expect(offsetOf("", "f", 1, 1)).toEqual({ before: "", after: "" });
  });

  it("takes the place behind a line's last character, but not behind its CR", () => {
    expect(offsetOf("ab\r\ncd", "f", 1, 3)).toEqual({ before: "ab", after: "\r\ncd" });
    expect(() => offsetOf("ab\r\ncd", "f", 1, 4)).toThrow(PlaceError);
  });

  it("names what does not exist", () => {
    expect(() => offsetOf("a\n", "f.ts", 3, 1)).toThrow("f.ts has 2 lines: there is no line 3");
    expect(() => offsetOf("a\n", "f.ts", 1, 9)).toThrow("line 1 of f.ts has 1 characters: there is no column 9");
  });

  it("finds every place of every text", () =>
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "é", "\t"), maxLength: 5 }), { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.nat(),
        (lines, l, c) => {
          const line = l % lines.length;
          const column = c % ((lines[line] as string).length + 1);
          const { before, after } = offsetOf(lines.join("\n"), "f", line + 1, column + 1);
          expect(before + after).toBe(lines.join("\n"));
          expect(before.split("\n").length).toBe(line + 1);
          expect(before.split("\n").at(-1)?.length).toBe(column);
        },
      ),
    ));
});
