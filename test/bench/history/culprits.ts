/**
 * Which commit broke it, asked of a real history: how often the culprit that a later fix names is among the first.
 *
 *     EVERYLINE_HOME=HOME node test/bench/history/culprits.ts FOLDER [--most 60] [--show]
 *
 * A fix is a commit whose message says "regression", "broke", "broken", "caused" or "introduced" and then, within the sentence, the sha of an
 * earlier commit. The question is "which commit broke" and the fix's subject without its first verb; only commits before the fix are asked.
 * The folder is indexed already (`everyline index FOLDER`). Files are those of its work tree, which is later than most fixes. Prints how often the culprit
 * comes first and among the first ten, with suspects (suspects.ts) and without.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { CommitRow } from "../../../server/index/types.ts";
import { Memory } from "../../../server/memory/memory.ts";
import { rankCommits } from "../../../server/retrieve/commits.ts";
import { readQuery } from "../../../server/retrieve/query.ts";
import { suspectsOf } from "../../../server/retrieve/suspects.ts";
import { defaultSettings } from "../../../server/settings.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { most: { type: "string", default: "60" }, show: { type: "boolean" } },
});
const NAMED = /(?:regress\w*|brok\w+|caused|introduced)[^.\n]{0,60}(?:\n[^.\n]{0,40})?\b([0-9a-f]{7,40})\b/i;
const k = 10;

interface Case {
  fix: CommitRow;
  culprit: CommitRow;
}

const memory = await Memory.open({ folder: resolve(positionals[0] ?? "."), settings: defaultSettings, watch: false });
try {
  const commits: CommitRow[] = [];
  const shas = [...(await memory.index.knownCommits())];
  for (let from = 0; from < shas.length; from += 1000) commits.push(...(await memory.index.commits(shas.slice(from, from + 1000))));
  const cases = casesOf(commits).slice(0, Number(values.most));
  const withSuspects: number[] = [];
  const without: number[] = [];
  for (const { fix, culprit } of cases) {
    const query = readQuery(`which commit broke ${fix.subject.replace(/^(?:\S+: )?(?:fix(?:e[sd])?|repair|restore)\b:?\s*/i, "")}`);
    const period = { from: 0, to: fix.date };
    const place = async (suspects: ReadonlyMap<string, number> | undefined) => {
      const ranked = await rankCommits(memory.index, query, { k, period, suspects });
      return ranked.findIndex(({ commit }) => commit.sha === culprit.sha) + 1;
    };
    withSuspects.push(await place(await suspectsOf(memory, query)));
    without.push(await place(undefined));
    if (values.show) console.error(withSuspects.at(-1), without.at(-1), query.text, "|", culprit.subject);
  }
  console.log(
    JSON.stringify({
      repository: positionals[0]?.split("/").at(-1),
      cases: cases.length,
      suspects: hits(withSuspects),
      words: hits(without),
    }),
  );
} finally {
  await memory.close();
}

/** The newest first. */
function casesOf(commits: readonly CommitRow[]): Case[] {
  const bySha = new Map(commits.map((commit) => [commit.sha.slice(0, 7), commit]));
  return commits
    .flatMap((fix) => {
      const named = NAMED.exec(`${fix.subject}\n${fix.body}`)?.[1];
      const culprit = bySha.get(named?.slice(0, 7) ?? "");
      return culprit?.sha.startsWith(named!) && culprit.date < fix.date ? [{ fix, culprit }] : [];
    })
    .sort((a, b) => b.fix.date - a.fix.date);
}

function hits(places: readonly number[]): { first: number; firstTen: number } {
  const share = (most: number) => Number((places.filter((place) => place > 0 && place <= most).length / places.length).toFixed(3));
  return { first: share(1), firstTen: share(k) };
}
