import { describe, expect, it } from "vitest";
import { type ArgumentPlace, argumentChances } from "./arguments.ts";
import { nothingAlike } from "./likeness.ts";
import { surroundingsOf } from "./surroundings.ts";

const nothingKnown = { callee: "foo", parameter: "", type: "", most: Number.POSITIVE_INFINITY };

function best(text: string, part: Partial<ArgumentPlace> = {}): string[] {
  const around = surroundingsOf(text, "");
  const place = {
    ...nothingKnown,
    around,
    before: "x = foo",
    written: [],
    sites: [],
    isFunction: () => false,
    alike: nothingAlike,
    ...part,
  };
  return [...argumentChances(place)].sort((a, b) => b[1] - a[1]).map(([one]) => one);
}

describe("argumentChances", () => {
  const declared = "let second = 1\nlet other = 2\n";

  it("prefers what is called as the parameter, then what was declared last", () => {
    expect(best(declared)[0]).toBe("other");
    expect(best(declared, { parameter: "second" })[0]).toBe("second");
  });

  it("takes what other calls pass there, if it can be written here", () => {
    const sites = [1, 2, 3].map(() => ({ arguments: ["true", "unknown.thing"], defines: false, tail: "", head: "" }));
    expect(best(declared, { sites })).toContain("true");
    expect(best(declared, { sites, written: ["true"] })).not.toContain("unknown.thing");
  });

  it("passes nothing twice, and nothing that the line declares", () => {
    expect(best(declared, { written: ["other"] })[0]).toBe("second");
    expect(best(`${declared}const made = `, { before: "const made = foo" })[0]).toBe("other");
  });

  it("passes addresses where others do", () => {
    const sites = [{ arguments: ["&elsewhere"], defines: false, tail: "", head: "" }];
    expect(best("int count = 0;\n", { sites })).toContain("&count");
  });

  it("writes the parameters of a declaration where the function is defined", () => {
    const sites = [{ arguments: ["Stats const& stats"], defines: true, tail: " override;", head: "" }];
    expect(best(declared, { sites, before: "void Reporter::ended" })).toEqual(["Stats const& stats"]);
    expect(best(declared, { sites, before: "Reporter::ended" })).not.toContain("Stats const& stats");
  });

  it("gives probabilities", () => {
    const around = surroundingsOf(declared, "");
    const chances = argumentChances({
      ...nothingKnown,
      around,
      before: "foo",
      written: [],
      sites: [],
      isFunction: () => false,
      alike: nothingAlike,
    });
    expect([...chances.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
  });
});
