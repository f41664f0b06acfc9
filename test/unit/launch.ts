/** Runs the real launcher, as a terminal would, on real repositories in the system's temporary folder. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const launcher = join(root, "bin", "everyline.mjs");

/** What must be built before these tests can run; "" when all is there. */
export function notBuilt(): string {
  const missing = ["dist/cli.mjs", "dist/store-worker.mjs", "dist/everyline.node"].filter((file) => !existsSync(join(root, file)));
  return missing.length > 0 ? `SKIPPED, because ${missing.join(", ")} is missing: run npm run build first` : "";
}

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class Sandbox {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(folder: string) {
    this.folder = folder;
    this.env = { ...process.env, EVERYLINE_HOME: join(folder, "home"), GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  }

  static async create(): Promise<Sandbox> {
    return new Sandbox(await mkdtemp(join(tmpdir(), "everyline cli é-")));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(files: Record<string, string>, under = ""): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, under, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }

  git(repository: string, ...args: string[]): string {
    const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    return execFileSync("git", ["-C", this.path(repository), ...identity, ...args], {
      env: this.env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  }

  /** A repository with one commit for each set of files. */
  async repository(name: string, commits: { message: string; files: Record<string, string> }[]): Promise<string> {
    await mkdir(this.path(name), { recursive: true });
    this.git(name, "init", "-q", "-b", "main");
    for (const { message, files } of commits) {
      await this.write(files, name);
      this.git(name, "add", "-A");
      this.git(name, "commit", "-q", "-m", message);
    }
    return this.path(name);
  }

  /** `node` runs the launcher; it may start another. */
  run(args: readonly string[], node: string = process.execPath): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(node, [launcher, ...args], { cwd: tmpdir(), env: this.env, stdio: ["ignore", "pipe", "pipe"] });
      const output = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"] as const) {
        child[stream].setEncoding("utf8").on("data", (text: string) => {
          output[stream] += text;
        });
      }
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, ...output }));
    });
  }

  /** Runs a command with --json that must succeed; resolves to the document. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests check the shape
  async json(args: readonly string[]): Promise<any> {
    const { code, stdout, stderr } = await this.run([...args, "--json"]);
    if (code !== 0) throw new Error(`everyline ${args.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }
}
