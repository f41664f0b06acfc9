import { describe, expect, it } from "vitest";
import { plainMarkdown } from "./plainMarkdown.ts";

describe("plainMarkdown", () => {
  it("leaves words and code as they are", () => {
    expect(plainMarkdown("`a<b>[c](d)` is **bold**")).toBe("`a<b>[c](d)` is **bold**");
  });

  it("takes the effect from links, images, HTML and icons", () => {
    expect(plainMarkdown("[x](https://a.b) ![y](z) <img> $(bug)")).toBe("\\[x\\](https://a.b) \\!\\[y\\](z) \\<img\\> \\$(bug)");
  });
});
