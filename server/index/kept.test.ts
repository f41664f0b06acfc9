import { expect, it } from "vitest";
import { Kept } from "./kept.ts";

it("reads what it does not hold, once, and forgets what was asked for longest ago", async () => {
  const read: number[][] = [];
  const kept = new Kept<string>(
    async (documents) => {
      read.push([...documents]);
      return documents.map((document) => (document === 9 ? "" : `of ${document}`));
    },
    ({ length }) => length,
    10,
  );
  expect(await kept.of([1, 2, 1])).toEqual(["of 1", "of 2", "of 1"]);
  expect(await kept.of([1, 9])).toEqual(["of 1", ""]);
  expect(await kept.of([3, 9])).toEqual(["of 3", ""]); // 2 goes, 9 was never kept
  expect(await kept.of([1, 2])).toEqual(["of 1", "of 2"]);
  expect(read).toEqual([[1, 2], [9], [3, 9], [2]]);
});
