import { describe, expect, it } from "vitest";
import { gpuOptions } from "./native-parts.ts";

describe("gpuOptions", () => {
  it("leave the engine its own limit, set one in bytes, or keep it from the GPU", () => {
    expect(gpuOptions("auto")).toEqual({});
    expect(gpuOptions(1.5)).toEqual({ vram: 1_500_000_000 });
    expect(gpuOptions(0)).toEqual({ backend: "cpu" });
  });
});
