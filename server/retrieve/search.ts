/**
 * A question in, ranked evidence out: candidates, features, fusion, regions.
 *
 * Words, symbols and meaning are looked up at the same time; whatever exists is used, and what is missing is said. Files and commits are ranked
 * first; only what is then shown is read.
 */
import type { Gathered } from "./candidates.ts";
import type { RankedCommit } from "./commits.ts";
import { commitConfidence, confidenceOf, coverageOf, knownIn } from "./confidence.ts";
import { rankFiles } from "./files.ts";
import { commitsShown, rankHistory } from "./history.ts";
import { type Query, readQuery } from "./query.ts";
import type { RankedFile } from "./rank.ts";
import { regionsOf } from "./regions.ts";
import type { SearchSources } from "./sources.ts";
import { corrected, corrections } from "./spelling.ts";
import type { Evidence, SearchOptions, SearchResult } from "./types.ts";
import { FOUND, scopeWeights } from "./weights.ts";

interface Ranked<T> {
  ranked: T[];
  stages: Record<string, number>;
}

interface Files extends Ranked<RankedFile> {
  gathered: Gathered | undefined;
}

interface Commits extends Ranked<RankedCommit> {
  confidence: number;
}

const NO_FILES: Files = { ranked: [], stages: {}, gathered: undefined };
const NO_COMMITS: Commits = { ranked: [], stages: {}, confidence: 0 };

/** Searches a memory. Rejects when the index cannot be read, or with the signal's reason when it is aborted. */
export async function search(sources: SearchSources, question: string, options: SearchOptions): Promise<SearchResult> {
  const start = performance.now();
  options.signal?.throwIfAborted();
  const asked = readQuery(question);
  const k = Math.max(0, Math.floor(options.k));
  if (!asked.text || k === 0) return { evidence: [], confidence: 0, ms: performance.now() - start, stages: {}, incomplete: "" };
  const query = corrected(asked, await corrections(sources, asked));
  const read = performance.now() - start;
  const [files, commits] = await Promise.all([
    options.scope === "commits" ? NO_FILES : searchFiles(sources, query, options.signal),
    options.scope === "files" ? NO_COMMITS : searchCommits(sources, asked, k),
  ]);
  options.signal?.throwIfAborted();
  const most = mostShown(query, options.scope, commits, k);
  const reading = performance.now();
  const [{ evidence: regions, held }, changes] = await Promise.all([
    regionsOf(sources, query, files.ranked, most.files),
    commitsShown(sources, asked, commits.ranked.slice(0, most.commits)),
  ]);
  options.signal?.throwIfAborted();
  return {
    evidence: options.scope === "all" ? merge(query, regions, changes, k) : [...regions, ...changes],
    confidence: confidenceIn(query, options.scope, fileConfidence(sources, asked, query, files, held), commits.confidence),
    ms: performance.now() - start,
    stages: { read, ...commits.stages, ...files.stages, show: performance.now() - reading },
    incomplete: incomplete(sources, files.gathered),
  };
}

/** Commits have many words: they vouch for questions about history alone. */
function confidenceIn(query: Query, scope: SearchOptions["scope"], files: number, commits: number): number {
  return scope === "all" && query.kind !== "history" ? files : Math.max(files, commits);
}

async function searchFiles(sources: SearchSources, query: Query, signal: AbortSignal | undefined): Promise<Files> {
  const { gathered, ranked, stages } = await rankFiles(sources, query, signal);
  return { ranked: ranked.filter((it) => it.score > 0), stages, gathered };
}

function fileConfidence(sources: SearchSources, asked: Query, query: Query, { ranked, gathered }: Files, held: number): number {
  return confidenceOf({ ranked, held, passages: gathered?.status.passages ?? 0 }, knownIn(sources.index, asked, query));
}

async function searchCommits(sources: SearchSources, query: Query, k: number): Promise<Commits> {
  const start = performance.now();
  const ranked = await rankHistory(sources, query, k);
  return { ranked, confidence: await commitConfidence(sources.index, query, ranked), stages: { commits: performance.now() - start } };
}

/** Of the kind that was not asked for a few are shown, of commits only where they are sure. */
function mostShown(query: Query, scope: SearchOptions["scope"], commits: Commits, k: number): { files: number; commits: number } {
  if (scope !== "all") return { files: k, commits: k };
  const few = Math.ceil(k * scopeWeights.few);
  if (query.kind === "history") return { files: commits.confidence >= FOUND ? few : k, commits: k };
  return { files: k, commits: coverageOf(commits.ranked) >= scopeWeights.coverage ? few : 0 };
}

/** Files and commits in one list: each kind's scores as a share of its best, the kind that was not asked for below. */
function merge(query: Query, files: readonly Evidence[], commits: readonly Evidence[], k: number): Evidence[] {
  const weights = query.kind === "history" ? scopeWeights.history : scopeWeights.other;
  const share = (evidence: readonly Evidence[], weight: number) => {
    const best = evidence[0]?.score ?? 1;
    return evidence.map((it) => ({ ...it, score: best > 0 ? (weight * it.score) / best : 0 }));
  };
  return [...share(files, weights.files), ...share(commits, weights.commits)].sort((a, b) => b.score - a.score).slice(0, k);
}

function incomplete(sources: SearchSources, gathered: Gathered | undefined): string {
  if (!gathered) return "";
  if (!sources.engine) return "searched by words alone: no engine";
  if (gathered.problem) return `searched by words alone: ${gathered.problem}`;
  const { toEncode, encoded } = gathered.status;
  const missing = toEncode - encoded;
  return missing > 0 ? `${missing} of ${toEncode} files not encoded yet` : "";
}
