/**
 * The development questions, each with its candidates and their features, over the real memory of its repository.
 *
 * Encodings come out of the cache under EVERYLINE_HOME: only the first run over a repository encodes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Memory } from "../../../server/memory/memory.ts";
import type { Candidate } from "../../../server/retrieve/candidates.ts";
import type { Features } from "../../../server/retrieve/features.ts";
import { rankFiles } from "../../../server/retrieve/files.ts";
import { type Query, readQuery } from "../../../server/retrieve/query.ts";
import { defaultSettings } from "../../../server/settings.ts";

export interface Repository {
  name: string;
  benchmark_root: string | null;
}

export interface Question {
  repository: string;
  text: string;
  category: string;
  query: Query;
  candidates: Candidate[];
  /** Of the candidates, in their order. */
  features: Features[];
  /** Paths relative to the opened folder. */
  targets: ReadonlySet<string>;
}

type Target = string | { path: string };

export interface Task {
  query: string;
  category: string;
  relevant: Target[];
  secondary: Target[];
}

export function usage(script: string): { bench: string; checkouts: string; repositories: Repository[] } {
  const [bench, checkouts, ...only] = process.argv.slice(2);
  if (!bench || !checkouts) throw new Error(`usage: ${script} BENCH CHECKOUTS [REPOSITORY…]`);
  const all: Repository[] = JSON.parse(readFileSync(join(bench, "retrieval/repos.json"), "utf8"));
  return { bench, checkouts, repositories: all.filter((it) => only.length === 0 || only.includes(it.name)) };
}

/** The memory of a repository's benchmark root, up to date. */
export async function openMemory(checkouts: string, { name, benchmark_root }: Repository): Promise<Memory> {
  const memory = await Memory.open({
    folder: join(checkouts, name, benchmark_root ?? ""),
    settings: { ...defaultSettings, history: { ...defaultSettings.history, commits: "none" }, encodeLargeFolders: true },
    watch: false,
    onMessage: (level, text) => level !== "info" && console.error(text),
  });
  await memory.bringUpToDate({ words: true, history: false, encodings: true });
  return memory;
}

export function tasksOf(bench: string, { name }: Repository): Task[] {
  return JSON.parse(readFileSync(join(bench, "retrieval/annotations", `${name}.json`), "utf8"));
}

export async function questionsOf(bench: string, checkouts: string, repository: Repository): Promise<Question[]> {
  const memory = await openMemory(checkouts, repository);
  try {
    const questions: Question[] = [];
    for (const task of tasksOf(bench, repository)) {
      const query = readQuery(task.query);
      const { ranked } = await rankFiles(memory, query);
      questions.push({
        repository: repository.name,
        text: task.query,
        category: task.category,
        query,
        candidates: ranked.map((it) => it.candidate),
        features: ranked.map((it) => it.features),
        targets: targetsOf(repository, task),
      });
    }
    return questions;
  } finally {
    await memory.close();
  }
}

/** Paths of the files sought, relative to the opened folder. */
export function targetsOf({ benchmark_root }: Repository, { relevant, secondary }: Task): Set<string> {
  const root = benchmark_root ? `${benchmark_root}/` : "";
  const paths = [...relevant, ...secondary].map((it) => (typeof it === "string" ? it : it.path));
  return new Set(paths.map((path) => (path.startsWith(root) ? path.slice(root.length) : path)));
}

/** Scores of a question's ranked paths, best first. */
export function ndcg10(ranked: readonly string[], targets: ReadonlySet<string>): number {
  const gain = (place: number) => 1 / Math.log2(place + 2);
  const total = (places: number, counts: (place: number) => boolean) =>
    Array.from({ length: places }, (_, place) => (counts(place) ? gain(place) : 0)).reduce((a, b) => a + b, 0);
  const ideal = total(Math.min(targets.size, 10), () => true);
  return ideal > 0 ? total(10, (place) => targets.has(ranked[place] ?? "")) / ideal : 0;
}
