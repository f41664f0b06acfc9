// What both commands of the README begin with: packages, build tools, bundles, addon, and the packaged extension.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { newerNode } from "./node.mjs";
import { whenChanged } from "./stamp.mjs";
import { run, step } from "./steps.mjs";
import { ensureBuildTools } from "./system.mjs";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const vsix = join(root, "dist", "everyline.vsix");

export async function installPackages() {
  const modules = join(root, "node_modules");
  const made = join(modules, ".package-lock.json");
  const inputs = [join(root, "package.json"), join(root, "package-lock.json")];
  await step("Installing npm packages", () =>
    whenChanged(made, inputs, () => run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root })),
  );
}

export async function buildAll() {
  await step("Building the extension, the server and the native engine", async () => {
    await ensureBuildTools();
    const { build } = await import("./build.mjs");
    await build();
  });
}

/** The extension as users install it: dist/everyline.vsix. */
export async function packageExtension() {
  const inputs = [
    "dist/extension.cjs",
    "dist/server.mjs",
    "dist/cli.mjs",
    "dist/store-worker.mjs",
    "dist/prepare-worker.mjs",
    "dist/everyline.node",
    "package.json",
    "media",
    "bin",
    "README.md",
    ".vscodeignore",
    "model/config.json",
  ];
  await step("Packaging the extension", () =>
    whenChanged(
      vsix,
      inputs.map((name) => join(root, name)),
      () =>
        run(
          newerNode(),
          [
            join(root, "node_modules", "@vscode", "vsce", "vsce"),
            "package",
            "--no-dependencies",
            "--allow-missing-repository",
            "--skip-license",
            "-o",
            vsix,
          ],
          { cwd: root },
        ),
    ),
  );
}

/** Removes and recreates a folder. */
export function emptyFolder(path) {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}
