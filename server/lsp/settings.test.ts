import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultSettings } from "../settings.ts";
import { readSettings } from "./settings.ts";

describe("readSettings", () => {
  it("gives the defaults for nothing", () => {
    for (const value of [undefined, null, {}, [], "text"]) expect(readSettings(value)).toEqual({ settings: defaultSettings, problems: [] });
  });

  it("takes what is given", () => {
    const { settings, problems } = readSettings({
      exclude: ["dist/**"],
      history: { commits: 500, refs: "all", encodeTokens: 7 },
      gpuGigabytes: 1.5,
      completion: { enabled: false, delayMs: 0 },
    });
    expect(settings).toMatchObject({
      exclude: ["dist/**"],
      history: { commits: 500, refs: "all", encodeTokens: 7 },
      gpuGigabytes: 1.5,
      completion: { enabled: false, delayMs: 0 },
    });
    expect(settings.completion.minimumConfidence).toBe(defaultSettings.completion.minimumConfidence);
    expect(problems).toEqual([]);
  });

  it("names a value that cannot be used and takes its default", () => {
    const { settings, problems } = readSettings({
      history: { commits: "some", refs: 7, encodeTokens: -1 },
      gpuGigabytes: "all",
      completion: { minimumConfidence: 7 },
    });
    expect(settings).toEqual(defaultSettings);
    expect(problems).toHaveLength(5);
    expect(problems[0]).toContain("everyline.history.commits");
    expect(problems[1]).toContain("everyline.history.refs");
    expect(problems[2]).toContain("everyline.history.encodeTokens");
    expect(problems[3]).toContain("everyline.gpuGigabytes");
    expect(problems[4]).toContain("everyline.completion.minimumConfidence");
  });

  it("never throws and always gives usable settings", () =>
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (exclude, completion) => {
        const { settings } = readSettings({ exclude, completion });
        expect(settings.exclude.every((glob) => typeof glob === "string")).toBe(true);
        expect(settings.completion.delayMs).toBeGreaterThanOrEqual(0);
      }),
    ));
});
