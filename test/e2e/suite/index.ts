/**
 * Tests inside the extension host, with VS Code's own API: the same suite runs in the browser workbench (host.e2e.ts) and
 * under @vscode/test-electron (scripts/test-electron.mjs). `run` is the contract of both. EVERYLINE_SUITE names another suite than "everyline".
 */
import { join } from "node:path";
import Mocha from "mocha";

export function run(): Promise<void> {
  const mocha = new Mocha({ timeout: 90_000, reporter: "json", reporterOptions: { output: process.env.EVERYLINE_MOCHA_REPORT } });
  mocha.addFile(join(__dirname, `${process.env.EVERYLINE_SUITE ?? "everyline"}.suite.cjs`));
  return new Promise((resolve, reject) => {
    mocha.run((failures) => (failures > 0 ? reject(new Error(`${failures} tests failed`)) : resolve()));
  });
}
