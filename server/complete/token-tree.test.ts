import { describe, expect, it } from "vitest";
import type { Step } from "../../native/addon.ts";
import { TokenTree } from "./token-tree.ts";

describe("TokenTree", () => {
  it("goes on where it can and goes back where it must", async () => {
    const told: string[] = [];
    const step: Step = { logits: new Float32Array(), attended: [], computed: 1 };
    const session = {
      begin: async (ids: Int32Array) => {
        told.push(`begin ${[...ids]}`);
        return step;
      },
      next: async (token: number) => {
        told.push(`next ${token}`);
        return step;
      },
      cancel() {},
    };
    const tree = new TokenTree(session, Int32Array.of(1, 2), new Int32Array());
    for (const tokens of [[], [3], [3, 4], [5], [5, 6]]) await tree.after(tokens);
    expect(told).toEqual(["begin 1,2", "next 3", "next 4", "begin 1,2,5", "next 6"]);
  });
});
