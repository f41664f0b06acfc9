import { describe, expect, it } from "vitest";
import { assignedName, placeOfName } from "./name-place.ts";

describe("placeOfName", () => {
  const plain = { condition: false, constructs: false, receiver: false };

  it.each([
    ["  ", { statement: 1, assigns: 0 }],
    ["  await ", { statement: 1 }],
    ["const a = ", { statement: 0, assigns: 1 }],
    ["  return await ", { returning: 1 }],
    ["  f(a, ", { inList: 1, statement: 0 }],
  ])("%j", (head, features) => expect(placeOfName(head, plain)).toMatchObject(features));

  it("looks before the receiver", () => {
    expect(placeOfName("  this.list.", { ...plain, receiver: true })).toMatchObject({ statement: 1 });
    expect(placeOfName("  return this.list.", { ...plain, receiver: true })).toMatchObject({ returning: 1, statement: 0 });
  });
});

describe("assignedName", () => {
  it.each([
    ["const a = ", "a"],
    ["this.x.name = await ", "name"],
    ["val n: Int = ", "n"],
    ["n := ", "n"],
    ["if (a == ", ""],
    ["f(", ""],
  ])("%s", (before, name) => expect(assignedName(before)).toBe(name));
});
