// npm start -- FOLDER: sets everything up and opens a VS Code workbench with Everyline on FOLDER.
//
// The user's own `code` where it is installed, otherwise the browser workbench; always with user data and extensions of its own.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildAll, installPackages, packageExtension, vsix } from "./setup.mjs";
import { fail, onPath, run, Stop, step } from "./steps.mjs";
import { ensureWorkbench, startWorkbench, workbenchHome } from "./workbench.mjs";

const folder = resolve(process.env.INIT_CWD ?? process.cwd(), process.argv[2] ?? ".");

async function main() {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Stop(`There is no folder ${folder}. Use: npm start -- FOLDER`);
  await installPackages();
  await buildAll();
  await packageExtension();
  if (onPath("code") && (process.env.DISPLAY || process.env.WAYLAND_DISPLAY)) return openDesktop(realpathSync(folder));
  return openBrowser(realpathSync(folder));
}

async function openDesktop(path) {
  const profile = join(workbenchHome, "profiles", "desktop");
  const own = ["--user-data-dir", join(profile, "user"), "--extensions-dir", join(profile, "extensions")];
  mkdirSync(profile, { recursive: true });
  await step("Installing the extension into a VS Code profile of its own", () =>
    run("code", [...own, "--install-extension", vsix, "--force"]),
  );
  process.stdout.write(`\nVS Code opens on ${path}. Close its window or press Ctrl-C to stop.\n`);
  const child = spawn("code", [...own, "--wait", "--new-window", path], { stdio: "inherit", detached: true });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.kill(-child.pid, "SIGTERM"));
  await new Promise((resolve) => child.on("close", resolve));
}

async function openBrowser(path) {
  await ensureWorkbench();
  const port = Number(process.env.EVERYLINE_PORT ?? 0);
  const workbench = await step("Starting the workbench", () =>
    startWorkbench({ profile: join(workbenchHome, "profiles", "start"), vsix, port }),
  );
  process.stdout.write(`\nOpen ${workbench.url(path)}\nPress Ctrl-C to stop.\n`);
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.once(signal, () => {
      stopping = true;
      workbench.stop();
    });
  await workbench.ended;
  if (!stopping) throw new Stop(`The workbench ended by itself:\n${workbench.output()}`);
}

main().catch(fail);
