import { describe, expect, it } from "vitest";
import { scopeOf } from "./scope.ts";

describe("scopeOf", () => {
  const text = `function other(far: Far) {
  const hidden = new Hidden()
}

function outer(first: Request, second = 1) {
  const kept: Kept = make()
  if (first) {
    const closed = 1
  }
  for (const one of list) {
    `;

  it("sees the lines of the blocks around, and none of blocks that have ended", () => {
    const { visible } = scopeOf(text);
    const lines = text.split("\n").slice(0, -1).reverse();
    const seen = lines.filter((_, at) => visible[at]).map((line) => line.trim());
    expect(seen).toEqual(["for (const one of list) {", "const kept: Kept = make()", "function outer(first: Request, second = 1) {"]);
  });

  it("knows the functions around, their parameters, and types", () => {
    const { functions, parameters, types } = scopeOf(text);
    expect(functions).toEqual(["outer"]);
    expect(parameters).toEqual(["first", "second"]);
    expect([...(types.get("first") ?? [])]).toEqual(["Request"]);
    expect([...(types.get("kept") ?? [])]).toEqual(["Kept"]);
    expect(types.has("hidden")).toBe(false);
  });

  it.each([
    ["C, with the bracket on a line of its own", "static int run(struct easy *data,\n               bool done)\n{\n  ", ["data", "done"]],
    ["Go, where names stand first", "func (r *Run) run(ctx context.Context, n int) error {\n\t", ["ctx", "n"]],
    ["Python", "def run(self, name: str, *rest):\n    ", ["name", "rest"]],
    ["a list of several lines", "fun run(\n  name: String,\n  size: Int,\n) {\n  ", ["name", "size"]],
  ])("reads parameters: %s", (_, before, names) => {
    expect(scopeOf(before).parameters).toEqual(names);
  });
});
