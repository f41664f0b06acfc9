// Runs the extension host suite in a desktop VS Code that @vscode/test-electron downloads: for machines that reach its server and have a display.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newerNode } from "./node.mjs";
import { buildAll, installPackages, root } from "./setup.mjs";
import { fail, run } from "./steps.mjs";

async function main() {
  await installPackages();
  await buildAll();
  const scratch = mkdtempSync(join(tmpdir(), "everyline-electron-"));
  const folder = join(scratch, "project");
  await run(newerNode(), [
    "-e",
    `import("${join(root, "test/e2e/project.ts")}").then(async ({ project }) => (await import("node:fs")).renameSync((await project()).path, ${JSON.stringify(folder)}))`,
  ]);
  const report = join(scratch, "report.json");
  const { runTests } = await import("@vscode/test-electron");
  await runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath: join(root, "dist/e2e/index.cjs"),
    extensionTestsEnv: { EVERYLINE_MOCHA_REPORT: report, EVERYLINE_HOME: join(scratch, "home") },
    launchArgs: [
      folder,
      "--user-data-dir",
      join(scratch, "user"),
      "--extensions-dir",
      join(scratch, "extensions"),
      "--disable-workspace-trust",
    ],
  });
  const { stats } = JSON.parse(readFileSync(report, "utf8"));
  process.stdout.write(`${stats.passes} passed, ${stats.failures} failed\n`);
}

main().catch(fail);
