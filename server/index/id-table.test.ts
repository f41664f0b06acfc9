import fc from "fast-check";
import { expect, it } from "vitest";
import { IdTable } from "./id-table.ts";

const gaps = fc.array(fc.record({ gap: fc.nat(3), count: fc.integer({ min: 1, max: 4 }), value: fc.nat(99) }), { maxLength: 12 });

it("finds every id of every block and nothing else, also of blocks that came later", () =>
  fc.assert(
    fc.property(gaps, fc.nat(12), (steps, known) => {
      const blocks: { first: number; count: number; value: number }[] = [];
      for (const { gap, count, value } of steps) {
        const last = blocks.at(-1);
        blocks.push({ first: (last ? last.first + last.count : 1) + gap, count, value });
      }
      let visible = blocks.slice(0, known);
      const table = new IdTable((after) => {
        const later = visible.filter(({ first }) => first > after);
        return { firsts: later.map((it) => it.first), counts: later.map((it) => it.count), values: later.map((it) => it.value) };
      });
      const found = (id: number) => table.find(id);
      const wanted = (id: number) => {
        const block = visible.find(({ first, count }) => id >= first && id < first + count);
        return block && { first: block.first, value: block.value };
      };
      const ids = Array.from({ length: 90 }, (_, i) => i - 2);
      expect(ids.map(found)).toEqual(ids.map(wanted));
      visible = blocks;
      expect(ids.map(found)).toEqual(ids.map(wanted));
    }),
  ));
