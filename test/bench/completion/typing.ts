/**
 * What suggestions cost the extension host while a person types 200 keys in a real workbench, beside the same keys without them.
 *
 *     node test/bench/completion/typing.ts
 *
 * Wants a build (dist/) and the browser workbench. Prints one JSON document; test/e2e/suite/typing.suite.ts says what the figures are.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project } from "../../e2e/project.ts";
import { runInHost } from "../../e2e/workbench.ts";

const scratch = mkdtempSync(join(tmpdir(), "everyline-typing-"));
const figures = join(scratch, "figures.json");
const folder = await project();
try {
  const report = await runInHost(folder.path, { EVERYLINE_SUITE: "typing", EVERYLINE_TYPING_FIGURES: figures });
  const { failures } = JSON.parse(readFileSync(report, "utf8")) as { failures: { err: { message?: string } }[] };
  if (failures.length > 0) throw new Error(failures[0]?.err.message);
  process.stdout.write(`${JSON.stringify(JSON.parse(readFileSync(figures, "utf8")), null, 1)}\n`);
} finally {
  await folder.dispose();
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(0);
