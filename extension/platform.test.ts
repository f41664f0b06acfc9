import { describe, expect, it } from "vitest";
import { glibcVersion, unsupported } from "./platform.ts";

describe("unsupported", () => {
  it("is empty on linux-x64 with glibc 2.28 or later", () => {
    for (const glibc of ["2.28", "2.36", "3.0"]) expect(unsupported("linux", "x64", glibc)).toBe("");
  });

  it("names what is there instead", () => {
    expect(unsupported("darwin", "arm64", undefined)).toContain("darwin-arm64");
    expect(unsupported("linux", "x64", "2.17")).toContain("2.17");
    expect(unsupported("linux", "x64", undefined)).toContain("another C library");
  });

  it("reads this machine's version", () => {
    expect(glibcVersion()).toMatch(/^\d+\.\d+/);
  });
});
