// Bundles the extension and the server with esbuild and builds the native addon, all into dist/.
// `--no-native` leaves the addon as it is.
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildNative } from "./build-native.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

/** Entry points of the server, each an ES module bundle beside the others. */
const serverEntries = {
  server: "server/main.ts",
  cli: "server/cli.ts",
  "store-worker": "server/index/store-worker.ts",
  "prepare-worker": "server/index/prepare-worker.ts",
  "cache-worker": "server/memory/cache-worker.ts",
};

const bundle = {
  bundle: true,
  platform: "node",
  sourcemap: true,
  logLevel: "warning",
  absWorkingDir: root,
  legalComments: "none",
  target: "node22",
};

/** esbuild's options for what runs under Node as an ES module. */
export const moduleBundle = {
  ...bundle,
  format: "esm",
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
};

/** @param {{native?: boolean}} options */
export async function build({ native = true } = {}) {
  const esbuild = await import("esbuild");
  mkdirSync(dist, { recursive: true });
  await Promise.all([
    esbuild.build({
      ...bundle,
      entryPoints: ["extension/main.ts"],
      outfile: "dist/extension.cjs",
      format: "cjs",
      external: ["vscode"],
    }),
    esbuild.build({
      ...moduleBundle,
      entryPoints: serverEntries,
      outdir: "dist",
      outExtension: { ".js": ".mjs" },
    }),
  ]);
  await esbuild.build({
    ...bundle,
    entryPoints: ["index", "everyline.suite", "typing.suite"].map((name) => `test/e2e/suite/${name}.ts`),
    outdir: "dist/e2e",
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    external: ["vscode", "mocha"],
  });
  copyGrammars();
  if (native) buildNative();
}

/** The tree-sitter runtime and grammars lie beside the bundles: dist/grammars/*.wasm. */
function copyGrammars() {
  const target = join(dist, "grammars");
  mkdirSync(target, { recursive: true });
  const folders = ["node_modules/@vscode/tree-sitter-wasm/wasm", "node_modules/web-tree-sitter"];
  for (const folder of folders.map((name) => join(root, name)).filter(existsSync)) {
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".wasm"))) copyFileSync(join(folder, name), join(target, name));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await build({ native: !process.argv.includes("--no-native") });
