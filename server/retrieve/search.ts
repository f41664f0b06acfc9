/**
 * A question in, ranked evidence out: candidates, features, fusion, regions.
 *
 * Words, symbols and meaning are looked up at the same time; whatever exists is used, and what is missing is said.
 */
import type { Gathered } from "./candidates.ts";
import { commitConfidence, confidenceOf, knownIn } from "./confidence.ts";
import { rankFiles } from "./files.ts";
import { searchHistory } from "./history.ts";
import { type Query, readQuery } from "./query.ts";
import { regionsOf } from "./regions.ts";
import type { SearchSources } from "./sources.ts";
import { corrected, corrections } from "./spelling.ts";
import type { Evidence, SearchOptions, SearchResult } from "./types.ts";
import { FOUND, scopeWeights } from "./weights.ts";

interface Part {
  evidence: Evidence[];
  confidence: number;
  stages: Record<string, number>;
  gathered: Gathered | undefined;
}

const EMPTY: Part = { evidence: [], confidence: 0, stages: {}, gathered: undefined };

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
    options.scope === "commits" ? EMPTY : searchFiles(sources, asked, query, k, options.signal),
    options.scope === "files" ? EMPTY : searchCommits(sources, asked, k),
  ]);
  options.signal?.throwIfAborted();
  return {
    evidence: options.scope === "all" ? merge(query, files, commits, k) : [...files.evidence, ...commits.evidence],
    confidence: confidenceIn(query, options.scope, files, commits),
    ms: performance.now() - start,
    stages: { read, ...commits.stages, ...files.stages },
    incomplete: incomplete(sources, files.gathered),
  };
}

/** Commits have many words: they vouch for questions about history alone. */
function confidenceIn(query: Query, scope: SearchOptions["scope"], files: Part, commits: Part): number {
  if (scope === "all" && query.kind !== "history") return files.confidence;
  return Math.max(files.confidence, commits.confidence);
}

async function searchFiles(sources: SearchSources, asked: Query, query: Query, k: number, signal: AbortSignal | undefined): Promise<Part> {
  const { gathered, ranked: all, stages } = await rankFiles(sources, query, signal);
  const ranked = all.filter((it) => it.score > 0);
  const regions = performance.now();
  const evidence = await regionsOf(sources, query, ranked, k);
  return {
    evidence,
    confidence: confidenceOf(ranked, knownIn(sources.index, asked)),
    stages: { ...stages, regions: performance.now() - regions },
    gathered,
  };
}

async function searchCommits(sources: SearchSources, query: Query, k: number): Promise<Part> {
  const start = performance.now();
  const { ranked, evidence } = await searchHistory(sources, query, k);
  return {
    evidence,
    confidence: commitConfidence(ranked),
    stages: { commits: performance.now() - start },
    gathered: undefined,
  };
}

/** Files and commits in one list: each kind's scores as a share of its best, the kind that was not asked for below and few. */
function merge(query: Query, files: Part, commits: Part, k: number): Evidence[] {
  const history = query.kind === "history";
  const weights = history ? scopeWeights.history : scopeWeights.other;
  const share = (part: Part, weight: number, most: number) => {
    const best = part.evidence[0]?.score ?? 1;
    return part.evidence.slice(0, most).map((it) => ({ ...it, score: best > 0 ? (weight * it.score) / best : 0 }));
  };
  const few = Math.ceil(k * scopeWeights.few);
  const told = history ? k : commits.confidence >= FOUND ? few : 0;
  const shown = history && commits.confidence >= FOUND ? few : k;
  const merged = [...share(files, weights.files, shown), ...share(commits, weights.commits, told)];
  return merged.sort((a, b) => b.score - a.score).slice(0, k);
}

function incomplete(sources: SearchSources, gathered: Gathered | undefined): string {
  if (!gathered) return "";
  if (!sources.engine) return "searched by words alone: no engine";
  if (gathered.problem) return `searched by words alone: ${gathered.problem}`;
  const { toEncode, encoded } = gathered.status;
  const missing = toEncode - encoded;
  return missing > 0 ? `${missing} of ${toEncode} files not encoded yet` : "";
}
