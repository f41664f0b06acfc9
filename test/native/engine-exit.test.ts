/** A program that ends without closing its engine. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { modelFolder } from "./engine-files.ts";

const addonFile = join(import.meta.dirname, "../../dist/everyline.node");

async function runToEnd(last: string): Promise<string> {
  const program = `
    const module = { exports: {} };
    process.dlopen(module, ${JSON.stringify(addonFile)});
    module.exports.loadEngine({ model: ${JSON.stringify(modelFolder)}, threads: 1, isa: "" }).then((engine) => {
      const asked = engine.search(Int32Array.of(5, 6, 7), 1);
      ${last}
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program], { timeout: 100_000 });
  return stdout.trim();
}

describe("a program that never closes its engine", () => {
  it("ends by itself once nothing is asked any more", async () => {
    expect(await runToEnd("asked.then(() => console.log('answered'));")).toBe("answered");
  });

  it("ends in the middle of a search", async () => {
    expect(await runToEnd("console.log('asked'); setImmediate(() => process.exit(0));")).toBe("asked");
  });
});
