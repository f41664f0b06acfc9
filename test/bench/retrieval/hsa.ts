/**
 * What parts of the HSA scores are worth on the development questions: layers, heads, positions of the question, its phrasing, and the neutral
 * question. NDCG@10 of files by HSA alone and with all features; of the difference to what is used, the 95 % interval (paired).
 *
 *     node test/bench/retrieval/hsa.ts BENCH CHECKOUTS [REPOSITORY…]
 *
 * The engine tells the mean over positions and heads. A position's own scores are the difference of two prefixes (the model reads from left to
 * right); a head's own are found by solving for the query that gives the scores, which are linear in it. Nothing is encoded anew.
 */
import type { SearchScores } from "../../../native/addon.ts";
import type { Memory } from "../../../server/memory/memory.ts";
import type { Candidate } from "../../../server/retrieve/candidates.ts";
import { type Features, featuresOf } from "../../../server/retrieve/features.ts";
import { rankFiles } from "../../../server/retrieve/files.ts";
import { foldScores, NEUTRAL_QUESTION } from "../../../server/retrieve/meaning.ts";
import { type Query, readQuery } from "../../../server/retrieve/query.ts";
import { scoreOf } from "../../../server/retrieve/rank.ts";
import { seeded } from "../seeded.ts";
import { Heads } from "./heads.ts";
import { ndcg10, openMemory, targetsOf, tasksOf, usage } from "./questions.ts";
import { interval, macro } from "./statistics.ts";

type Ask = (text: string) => Promise<SearchScores | undefined>;

const used = "used: first layer, both heads, all positions, as asked";

/** Everything of a question but its HSA scores. */
interface Asked {
  query: Query;
  candidates: Candidate[];
  targets: ReadonlySet<string>;
}

/** [alone, with all features] of every question, by repository. */
const found = new Map<string, [number, number][][]>();
const { bench, checkouts, repositories } = usage("hsa.ts");
for (const repository of repositories) {
  const memory = await openMemory(checkouts, repository);
  const ways = await waysOf(memory);
  for (const name of Object.keys(ways)) found.set(name, [...(found.get(name) ?? []), []]);
  for (const task of tasksOf(bench, repository)) {
    const query = readQuery(task.query);
    const { ranked } = await rankFiles(memory, query);
    const asked = { query, candidates: ranked.map((it) => it.candidate), targets: targetsOf(repository, task) };
    for (const [name, way] of Object.entries(ways))
      found
        .get(name)
        ?.at(-1)
        ?.push(judge(asked, await way(query)));
  }
  await memory.close();
  console.error(repository.name);
}
print();

/** Scores of a question in several ways, each less those of the neutral question in the same way where nothing else is said. */
async function waysOf(
  memory: Memory,
): Promise<Record<string, (query: Query) => Promise<[SearchScores, SearchScores | undefined] | undefined>>> {
  const { engine, tokenizer } = memory;
  if (!engine || !tokenizer) throw new Error("There is no engine.");
  const mean =
    (layers: 1 | 2) =>
    (text: string): Promise<SearchScores> =>
      engine.search(tokenizer.frameQuestion(text), layers);
  const second: Ask = async (text) => combined(await mean(2)(text), 2, await mean(1)(text), -1);
  const upTo = async (text: string, from: number, to: number) => {
    const ids = tokenizer.frameQuestion(text);
    const [end, start] = [ids.length + to, Math.max(0, ids.length + from)];
    const whole = await engine.search(ids.subarray(0, end), 1);
    return start === 0
      ? whole
      : combined(whole, end / (end - start), await engine.search(ids.subarray(0, start), 1), -start / (end - start));
  };
  const bestPosition: Ask = async (text) => {
    const length = tokenizer.frameQuestion(text).length;
    const each = await Promise.all(Array.from({ length: length - 1 }, (_, at) => upTo(text, at + 1 - length, at + 2 - length)));
    const [first, ...others] = each;
    return (
      first && { ...first, scores: first.scores.map((score, at) => Math.max(score, ...others.map((one) => one.scores[at] as number))) }
    );
  };
  const heads = await Heads.of(memory);
  const head =
    (number: 0 | 1): Ask =>
    async (text) =>
      heads?.alone(await mean(1)(text), number);
  const less = (ask: Ask, phrased = (query: Query) => query.text) => {
    const neutral = ask(NEUTRAL_QUESTION);
    return async (query: Query): Promise<[SearchScores, SearchScores | undefined] | undefined> => {
      const scores = await ask(phrased(query) || query.text);
      return scores && [scores, await neutral];
    };
  };
  return {
    [used]: less(mean(1)),
    "without the neutral question": async ({ text }) => [await engine.search(tokenizer.frameQuestion(text), 1), undefined],
    "both layers": less(mean(2)),
    "second layer": less(second),
    "first head": less(head(0)),
    "second head": less(head(1)),
    "position <a> alone": less((text) => upTo(text, -1, 0)),
    "the last three positions": less((text) => upTo(text, -3, 0)),
    "all but <q> and <a>": less((text) => upTo(text, 1 - tokenizer.frameQuestion(text).length, -1)),
    "each chunk's best position": less(bestPosition),
    "words without question words": less(mean(1), (query) => query.words),
    "as in training: Where is the code that …": less(mean(1), (query) => `Where is the code that ${query.text}`),
    "as in training: find the code: …": less(mean(1), (query) => `find the code: ${query.text}`),
    "in lower case": less(mean(1), (query) => query.text.toLowerCase()),
  };
}

function combined(a: SearchScores, timesA: number, b: SearchScores, timesB: number): SearchScores {
  return { ...a, scores: a.scores.map((score, at) => timesA * score + timesB * (b.scores[at] as number)) };
}

/** Where a way has no scores, neither counts. */
function judge({ query, candidates, targets }: Asked, scores: [SearchScores, SearchScores | undefined] | undefined): [number, number] {
  if (!scores) return [Number.NaN, Number.NaN];
  const meanings = foldScores(...scores);
  for (const candidate of candidates) candidate.meaning = candidate.document && meanings?.of(candidate.document.id);
  const features = featuresOf(candidates, query);
  const ndcg = (only: boolean) => {
    const ranked = candidates
      .map((candidate, at) => {
        const all = features[at]!;
        const shown = only ? alone(all) : all;
        return { path: candidate.path, score: scoreOf(candidate, shown, query) };
      })
      .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1));
    return ndcg10(
      ranked.map((it) => it.path),
      targets,
    );
  };
  return [ndcg(true), ndcg(false)];
}

/** Nothing but the HSA features. */
function alone({ meaning, chunk, ...others }: Features): Features {
  return { ...(Object.fromEntries(Object.keys(others).map((name) => [name, 0])) as typeof others), meaning, chunk };
}

function print(): void {
  const random = seeded(1);
  console.log("| | alone | difference, 95 % | with all features | difference, 95 % |\n|---|---|---|---|---|");
  for (const [name, of] of found) {
    const cells = [0, 1].flatMap((which) => {
      const pairs = of
        .map((questions, repository) => questions.map((it, at) => [it[which]!, found.get(used)?.[repository]?.[at]?.[which] ?? 0] as const))
        .map((questions) => questions.filter(([value]) => !Number.isNaN(value)))
        .filter((questions) => questions.length > 0);
      const value = macro(pairs.map((questions) => questions.map(([mine]) => mine))).toFixed(3);
      const differences = pairs.map((questions) => questions.map(([mine, theirs]) => mine - theirs));
      return [value, name === used ? "" : `${macro(differences).toFixed(3)} (${interval(differences, random)})`];
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}
