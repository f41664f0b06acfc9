import { describe, expect, it } from "vitest";
import { bodyIsMissing, needsEnd, opensBlock, placeInBlock } from "./block.ts";

describe("blocks", () => {
  it.each([
    "if (a) {",
    "  def f(self):",
    "items.each do |x|",
    "if a then",
    "fn main() { // starts",
    "for x in y:  # each",
    "=> {",
    "  else:",
  ])("are opened by %j", (line) => expect(opensBlock(line)).toBe(true));

  it.each(["return a", "f({})", "key:", '"key":', "default:", "case 1:", "a ? b : c", "undo", "// if (a) {", ""])(
    "are not opened by %j",
    (line) => expect(opensBlock(line)).toBe(false),
  );

  it("lack a body where the next line is no deeper", () => {
    expect(bodyIsMissing("  if (a) {", "\n\n  }\n")).toBe(true);
    expect(bodyIsMissing("  if (a) {", "\r\n    b();\r\n")).toBe(false);
    expect(bodyIsMissing("\tif a:", "\n  b\n")).toBe(true);
    expect(bodyIsMissing("if a:", "")).toBe(true);
  });

  it("end with a bracket or word of their own, or before a line no deeper", () => {
    expect(placeInBlock("  if (a) {", "    b();")).toBe("body");
    expect(placeInBlock("  if (a) {", "  }")).toBe("end");
    expect(placeInBlock("  if (a) {", "  });")).toBe("end");
    expect(placeInBlock("  def a", "  end")).toBe("end");
    expect(placeInBlock("  if a:", "  else:")).toBe("after");
    expect(placeInBlock("  if (a) {", "}")).toBe("after");
    expect([needsEnd("if a:"), needsEnd("if (a) {")]).toEqual([false, true]);
  });
});
