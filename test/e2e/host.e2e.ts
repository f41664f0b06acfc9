/** Runs the suite of the extension host (suite/) in the browser workbench and reports each of its tests. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { project } from "./project.ts";
import { runInHost } from "./workbench.ts";

interface Report {
  passes: { fullTitle: string }[];
  failures: { fullTitle: string; err: { message?: string } }[];
}

let report: Report;
const folder = await project();

beforeAll(async () => {
  const file = await runInHost(folder.path);
  report = JSON.parse(readFileSync(file, "utf8"));
});

afterAll(() => folder.dispose());

const source = readFileSync(join(import.meta.dirname, "suite/everyline.suite.ts"), "utf8");
const titles = [...source.matchAll(/^( *)it\("([^"]+)"/gm)].map(
  ([, indent, title]) => `the extension ${indent === "  " ? "" : "suggestions "}${title}`,
);

describe("in the extension host", () => {
  it.each(titles)("%s", (title) => {
    expect(report.failures.find((test) => test.fullTitle === title)?.err.message).toBeUndefined();
    expect(report.failures.filter((test) => test.fullTitle.includes("hook")).map((test) => test.err.message)).toEqual([]);
    expect(report.passes.map((test) => test.fullTitle)).toContain(title);
  });
});
