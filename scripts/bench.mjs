// npm run bench -- [FOLDER...] [--home DIR]: the benchmarks. Without folders: the native engine alone; with folders: the product on each of them, one
// after the other, from nothing or, with a DIR that an earlier run filled, from what it left.
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { moduleBundle } from "./build.mjs";
import { newerNode } from "./node.mjs";
import { buildAll, installPackages, root } from "./setup.mjs";
import { fail, run } from "./steps.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { home: { type: "string" } } });
const resolved = (path) => resolve(process.env.INIT_CWD ?? ".", path);
const folders = positionals.map(resolved);
const home = values.home === undefined ? [] : ["--home", resolved(values.home)];

async function main() {
  await installPackages();
  await buildAll();
  if (folders.length === 0) return native();
  const product = await bundleProduct();
  for (const folder of folders) await run(newerNode(), ["--disable-warning=ExperimentalWarning", product, folder, ...home], { show: true });
}

/** Beside the server's bundles, whose worker threads it starts: what is measured is what is shipped. */
async function bundleProduct() {
  const outfile = join(root, "dist", "bench-product.mjs");
  const esbuild = await import("esbuild");
  await esbuild.build({ ...moduleBundle, entryPoints: ["test/bench/product.ts"], outfile });
  return outfile;
}

async function native() {
  const bench = join(root, "test/bench/native");
  for (const name of readdirSync(bench).filter((file) => /\.(mjs|ts)$/.test(file)))
    await run(newerNode(), [join(bench, name)], { show: true });
}

main().catch(fail);
