// npm test: sets everything up, runs every suite, and ends with one line "N passed, N failed" over all of them.
//
// Suites: types and lint, unit + native + fault tests (vitest), end-to-end tests in a real workbench in a real browser (vitest + playwright).
// Where the workbench cannot be installed its tests are skipped, and the count says so.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { newerNode } from "./node.mjs";
import { buildAll, installPackages, packageExtension, root } from "./setup.mjs";
import { fail, Stop } from "./steps.mjs";
import { ensureWorkbench } from "./workbench.mjs";

const reports = join(root, "dist", "reports");
const total = { passed: 0, failed: 0, skipped: 0 };

async function main() {
  await installPackages();
  await buildAll();
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  check("Types (tsc)", join(root, "node_modules", "typescript", "bin", "tsc"), ["-p", "tsconfig.json"]);
  check("Lint and format (biome)", join(root, "node_modules", "@biomejs", "biome", "bin", "biome"), ["check", "."]);
  vitest("Unit, native and fault tests", "vitest.config.ts", "unit");
  await endToEnd();
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
  process.exit(total.failed > 0 ? 1 : 0);
}

async function endToEnd() {
  await packageExtension();
  try {
    await ensureWorkbench();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    const count = countTests("test/e2e/vitest.config.ts");
    process.stdout.write(`\nSKIPPED: ${count} workbench tests. ${error.message}\n`);
    total.skipped += count;
    return;
  }
  vitest("End-to-end tests in the workbench", "test/e2e/vitest.config.ts", "e2e");
}

/** A check that counts as one test. */
function check(title, program, args) {
  process.stdout.write(`▸ ${title} …\n`);
  const result = spawnSync(newerNode(), [program, ...args], { cwd: root, stdio: "inherit" });
  total[result.status === 0 ? "passed" : "failed"] += 1;
}

function vitest(title, config, name) {
  process.stdout.write(`▸ ${title} …\n`);
  const report = join(reports, `${name}.json`);
  const args = ["run", "--config", config, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const result = spawnSync(newerNode(), [join(root, "node_modules", "vitest", "vitest.mjs"), ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (!existsSync(report)) throw new Stop(`The suite "${title}" ended without a report (exit code ${result.status}).`);
  const counts = JSON.parse(readFileSync(report, "utf8"));
  total.passed += counts.numPassedTests;
  total.failed += counts.numFailedTests;
  total.skipped += counts.numPendingTests + counts.numTodoTests;
  // A file that fails to load has no failed test, and an error outside a test none either: neither may pass unseen.
  if (result.status !== 0 && counts.numFailedTests === 0) total.failed += Math.max(1, counts.numFailedTestSuites);
}

function countTests(config) {
  const result = spawnSync(newerNode(), [join(root, "node_modules", "vitest", "vitest.mjs"), "list", "--config", config, "--json"], {
    cwd: root,
    encoding: "utf8",
  });
  return JSON.parse(result.stdout).length;
}

main().catch(fail);
