import { describe, expect, it } from "vitest";
import type { Step } from "../../native/addon.ts";
import { TokenTree } from "./token-tree.ts";

function treeOf(...ids: number[]) {
  const told: string[] = [];
  const session = {
    async begin(ids: Int32Array, _: Int32Array, before: number): Promise<Step> {
      told.push(`${[...ids]} (${before})`);
      const step = (id: number) => ({ logits: Float32Array.of(id), powers: Float32Array.of(1), attended: [], computed: 1 });
      return { ...step(ids.at(-1) as number), before: [...ids.slice(ids.length - 1 - before, -1)].map(step) };
    },
    cancel() {},
  };
  return { tree: new TokenTree(session, Int32Array.from(ids), new Int32Array()), told };
}

describe("TokenTree", () => {
  it("goes on and goes back, and asks for nothing twice", async () => {
    const { tree, told } = treeOf(1, 2);
    for (const tokens of [[], [3], [3, 4], [5], [3]]) await tree.after(tokens);
    expect(told).toEqual(["1,2 (0)", "1,2,3 (0)", "1,2,3,4 (0)", "1,2,5 (0)"]);
    expect(await tree.after([3])).toBe(await tree.after([3]));
  });

  it("reads what is likely to follow in the same call", async () => {
    const { tree, told } = treeOf(1);
    const said = async (...tokens: number[]) => (await tree.after(tokens, tokens.length === 1 ? [3, 4] : [])).next.logits[0];
    expect([await said(2), await said(2, 3), await said(2, 3, 4)]).toEqual([2, 3, 4]);
    expect(told).toEqual(["1,2,3,4 (2)"]);
  });
});
