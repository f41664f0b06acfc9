import { describe, expect, it } from "vitest";
import { callAround, receiverOf, surroundingsOf, typesIn } from "./surroundings.ts";

describe("receiverOf", () => {
  it.each([
    ["x = a.b.", "b", "a.b", ""],
    ["  versions_->Mark", "versions_", "versions_", "Mark"],
    ["if paths::", "paths", "paths", ""],
    ["return this?.items[0].", "items", "this?.items[0]", ""],
    ["$this->app->", "app", "$this->app", ""],
    ["foo(bar).baz", "foo", "foo(bar)", "baz"],
  ])("%s", (line, name, path, partial) => {
    expect(receiverOf(line)).toEqual({ receiver: { name, path }, partial });
  });

  it("is none where a name begins by itself", () => {
    for (const line of ["x = ", "return fo", "f(a, ", "const a: ", "1."]) expect(receiverOf(line).receiver).toBeNull();
  });
});

describe("callAround", () => {
  it("tells which argument of which call is written", () => {
    expect(callAround("x = foo(a, b(1, 2), c")).toEqual({ name: "foo", open: 7, written: ["a", "b(1, 2)"], current: " c" });
    expect(callAround("x = foo(")).toEqual({ name: "foo", open: 7, written: [], current: "" });
    expect(callAround("x = [1, ")).toBeUndefined();
    expect(callAround("foo(a) + ")).toBeUndefined();
  });
});

describe("surroundingsOf", () => {
  it("finds import statements of several lines, in several languages", () => {
    const text = [
      "import {",
      "  a,",
      "  b,",
      '} from "./x"',
      "from .mod import (",
      "    c,",
      ")",
      "use crate::util::{d, e};",
      '#include "util/coding.h"',
      "const f = require('./f')",
      "let imported = 1",
    ].join("\n");
    const { imports, occurrences } = surroundingsOf(`${text}\nx = `, "");
    expect(imports).toHaveLength(5);
    for (const name of ["a", "b", "c", "d", "e", "f"]) expect(occurrences.get(name)?.imported, name).toBe(1);
    expect(occurrences.get("coding")?.imported ?? 0).toBe(0);
    expect(occurrences.get("imported")?.imported).toBe(0);
  });

  it("counts names, calls and the lines to the nearest above, without the one being written", () => {
    const { occurrences, line } = surroundingsOf("foo(1)\nbar\nx = foo(2) + ba", "\nfoo<T>(3)");
    expect(line).toBe("x = foo(2) + ba");
    expect(occurrences.get("foo")).toEqual({ count: 3, calls: 3, above: 0, imported: 0 });
    expect(occurrences.get("bar")).toMatchObject({ count: 1, calls: 0, above: 1 });
    expect(occurrences.has("ba")).toBe(false);
  });

  it("knows what was asked of a receiver", () => {
    const around = surroundingsOf("a.one(); a?.two; xa.three; a.one\n", "a->four()");
    expect([...around.members("a")]).toEqual([
      ["one", 2],
      ["two", 1],
      ["four", 1],
    ]);
  });
});

describe("typesIn", () => {
  it.each([
    ["Cache* block_cache = 0;", "block_cache", "Cache"],
    ["VersionSet* const versions_ GUARDED_BY(mutex_);", "versions_", "VersionSet"],
    ["let stream: BodyStream", "stream", "BodyStream"],
    ["const controller = new SchemaController()", "controller", "SchemaController"],
    ["func (h *Handler) serve(u *Upstream) error", "u", "Upstream"],
    ["private readonly ScheduledTaskExecutor _executor;", "_executor", "ScheduledTaskExecutor"],
    ["fn run(gctx: &GlobalContext)", "gctx", "GlobalContext"],
  ])("%s", (text, name, type) => {
    expect(typesIn(text, name)).toContain(type);
  });
});
