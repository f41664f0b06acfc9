// Says what a script does, step by step, and runs commands with their output kept back unless they fail.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Prints a step, runs it, prints how long it took. @template T @param {string} title @param {() => Promise<T> | T} work */
export async function step(title, work) {
  const start = Date.now();
  process.stdout.write(`▸ ${title} …\n`);
  const result = await work();
  const seconds = (Date.now() - start) / 1000;
  if (seconds >= 1) process.stdout.write(`  done in ${seconds.toFixed(1)} s\n`);
  return result;
}

/** An error whose message is all a reader needs: printed without a stack. */
export class Stop extends Error {}

/** Ends the process with one clear line for a Stop, with the stack for anything unexpected. */
export function fail(error) {
  process.stderr.write(`\n${error instanceof Stop ? error.message : (error?.stack ?? error)}\n`);
  process.exit(1);
}

/**
 * Runs a command to its end with its output in a log file, which is shown (its tail) when it fails.
 * @param {string} command @param {string[]} args @param {{cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean}} options
 */
export function run(command, args, { cwd, env, show = false } = {}) {
  const log = join(mkdtempSync(join(tmpdir(), "everyline-log-")), "output.txt");
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: show ? "inherit" : ["ignore", "pipe", "pipe"] });
    const keep = (data) => appendFileSync(log, data);
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("error", (error) => reject(new Stop(`${command} could not be started: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0) return resolve(undefined);
      const tail = show ? "" : `\n${readFileSync(log, "utf8").split("\n").slice(-40).join("\n")}\nThe whole output: ${log}`;
      reject(new Stop(`${command} ${args.join(" ")} failed with exit code ${code}.${tail}`));
    });
  });
}

/** Whether a program can be found on PATH. */
export function onPath(program) {
  return spawnSync("sh", ["-c", 'command -v "$0"', program], { stdio: "ignore" }).status === 0;
}
