import fc from "fast-check";
import { expect, it } from "vitest";
import { bestOf } from "./best.ts";

it("agrees with a stable sort, whatever the values and the count", () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NEGATIVE_INFINITY), fc.constant(Number.NaN))),
      fc.integer({ min: 0, max: 20 }),
      (values, count) => {
        const sorted = values.map((_, at) => at).filter((at) => Number.isFinite(values[at]));
        sorted.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
        expect(bestOf(values, count)).toEqual(sorted.slice(0, count));
      },
    ),
  ));
