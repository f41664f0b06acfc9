import { describe, expect, it } from "vitest";
import { coAuthors, trailersOf, withoutTrailers } from "./trailers.ts";

const body =
  "The pool was never emptied.\n\nFixes: #12\nCo-authored-by: Bob Builder <bob@example.org>\n  and his dog\nReviewed-by: Ada <a@b.c>\n";

describe("trailersOf", () => {
  it("reads the last paragraph, with lines that go on", () => {
    expect(trailersOf(body)).toEqual([
      { key: "Fixes", value: "#12" },
      { key: "Co-authored-by", value: "Bob Builder <bob@example.org> and his dog" },
      { key: "Reviewed-by", value: "Ada <a@b.c>" },
    ]);
    expect(trailersOf("Signed-off-by: Ada <a@b.c>")).toHaveLength(1);
  });

  it("takes prose for no trailer, also where it holds a colon", () => {
    for (const prose of ["", "Note: this\nis prose", "One: two\n\nThe end.", "See https://example.org: it says why"])
      expect(trailersOf(prose)).toEqual([]);
  });
});

describe("coAuthors", () => {
  it("gives names without addresses", () => {
    expect(coAuthors("x\n\nCo-Authored-By: Bob Builder <bob@example.org>\nCo-authored-by: Eve <e@f.g>")).toEqual(["Bob Builder", "Eve"]);
  });
});

describe("withoutTrailers", () => {
  it("keeps what a person wrote", () => {
    expect(withoutTrailers(body)).toBe("The pool was never emptied.");
    expect(withoutTrailers("Signed-off-by: Ada <a@b.c>")).toBe("");
    expect(withoutTrailers("One.\n\nTwo.")).toBe("One.\n\nTwo.");
  });
});
