/** Tests of media/markdown.js, which the Ask view's page renders answers with. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Block, type Inline, readInlines, readMarkdown } from "../media/markdown.js";

describe("readMarkdown", () => {
  it("reads paragraphs, headings, lists and fenced code", () => {
    const text = "# Title\nfirst\nline\n\n- one\n- two\n\n1. a\n2) b\n```ts\nconst x = 1;\n```\nafter";
    expect(readMarkdown(text).map((block) => block.type)).toEqual(["heading", "paragraph", "list", "list", "code", "paragraph"]);
    expect(readMarkdown(text)[1]).toEqual({ type: "paragraph", inlines: [{ type: "text", text: "first line" }] });
    expect(readMarkdown(text)[3]).toMatchObject({ ordered: true });
    expect(readMarkdown(text)[4]).toEqual({ type: "code", language: "ts", text: "const x = 1;" });
  });

  it("lets an open fence run to the end, as in streamed text", () => {
    expect(readMarkdown("```py\nx = 1")).toEqual([{ type: "code", language: "py", text: "x = 1" }]);
  });

  it("reads nothing inside a fence", () => {
    expect(readMarkdown("````\n# a\n```\n- b\n````")).toEqual([{ type: "code", language: "", text: "# a\n```\n- b" }]);
  });
});

describe("readInlines", () => {
  it("reads code, strong, emphasis and citations", () => {
    expect(readInlines("`a*b*` is **bold** and *soft* [12].")).toEqual([
      { type: "code", text: "a*b*" },
      { type: "text", text: " is " },
      { type: "strong", text: "bold" },
      { type: "text", text: " and " },
      { type: "emphasis", text: "soft" },
      { type: "text", text: " " },
      { type: "citation", number: 12 },
      { type: "text", text: "." },
    ]);
  });

  it("leaves HTML, links and images as text", () => {
    for (const text of ["<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "![a](https://x.y/z)", "snake_case * 2 * x"]) {
      expect(readInlines(text)).toEqual([{ type: "text", text }]);
    }
  });

  it("loses no letter of any text without fences, however it is marked up", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", " ", "*", "**", "`", "``", "\n", "- ", "# ", "[1]", "<b>"), { maxLength: 40 }),
        (parts) => {
          const text = parts.join("").replaceAll(/`{3,}/g, "``");
          expect(letters(shown(readMarkdown(text)))).toBe(letters(text));
        },
      ),
    ));

  it("keeps what stands in a fence as it is", () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", " b", "*a*", "# b", "`a`", "<b>", "- a", ""), { minLength: 1, maxLength: 8 }), (lines) => {
        expect(readMarkdown(["```ts", ...lines, "```"].join("\n"))).toEqual([{ type: "code", language: "ts", text: lines.join("\n") }]);
      }),
    ));
});

function letters(text: string): string {
  return text.replace(/[^ab]/g, "");
}

function shown(blocks: Block[]): string {
  return blocks
    .map((block) => (block.type === "code" ? block.text : block.type === "list" ? block.items.map(line).join("\n") : line(block.inlines)))
    .join("\n");
}

function line(inlines: Inline[]): string {
  return inlines.map((inline) => (inline.type === "citation" ? "" : inline.text)).join("");
}
