import { describe, expect, it } from "vitest";
import { readPeriod } from "./period.ts";

const at = (text: string) => Date.parse(`${text}T00:00:00Z`) / 1000;
const now = at("2026-11-24");
const tags = [
  { name: "v1.2", date: at("2024-01-10") },
  { name: "v1.3.0", date: at("2024-06-10") },
  { name: "lib-2_0_0", date: at("2025-03-10") },
  { name: "release/3.1", date: at("2026-02-01") },
];
const read = (text: string) => {
  const period = readPeriod(text, tags, now);
  return period && [period.from, period.to, period.rest];
};
const ever = Number.POSITIVE_INFINITY;

describe("readPeriod", () => {
  it.each([
    ["what changed last month in the parser", [now - 31 * 86_400, ever, "what changed in the parser"]],
    ["fixes in the last 3 days", [now - 3 * 86_400, ever, "fixes"]],
    ["who changed it this year?", [at("2026-01-01"), ever, "who changed it ?"]],
    ["what did we do yesterday", [at("2026-11-23"), ever, "what did we do"]],
  ])("reads %j relative to today", (text, expected) => expect(read(text)).toEqual(expected));

  it.each([
    ["parser changes in 2021", [at("2021-01-01"), at("2022-01-01"), "parser changes"]],
    ["removed before May 2021", [0, at("2021-05-01"), "removed"]],
    ["added since 2021-05-17", [at("2021-05-17"), ever, "added"]],
    ["after 2021-05 the limit", [at("2021-06-01"), ever, "the limit"]],
  ])("reads %j as dates", (text, expected) => expect(read(text)).toEqual(expected));

  it.each([
    ["what was removed before 2.0", [0, at("2025-03-10") + 1, "what was removed"]],
    ["what changed between lib-2_0_0 and release/3.1 in router?", [at("2025-03-10") + 1, at("2026-02-01") + 1, "what changed in router?"]],
    ["removed in http2 before 2.0", [0, at("2025-03-10") + 1, "removed in http2"]],
    ["removed before 2.0.", [0, at("2025-03-10") + 1, "removed ."]],
    ["fixes since v1.3", [at("2024-06-10") + 1, ever, "fixes"]],
    ["fixes in version 3.1", [at("2025-03-10") + 1, at("2026-02-01") + 1, "fixes"]],
    ["what changed between v1.2 and v1.3 in router", [at("2024-01-10") + 1, at("2024-06-10") + 1, "what changed in router"]],
  ])("reads %j as tags", (text, expected) => expect(read(text)).toEqual(expected));

  it.each([
    "how are requests in flight limited",
    "fails in 2 places",
    "since 9.9 it hangs",
    "in 2048 bytes",
    "from 256 to 300 KB",
    "encoded in iso2022",
    "",
  ])("reads no time in %j", (text) => expect(read(text)).toBeUndefined());

  it("takes linear time on a hostile question", () => {
    const started = performance.now();
    readPeriod(`in ${"1.".repeat(5000)} between ${"v1 ".repeat(5000)}`, tags, now);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
