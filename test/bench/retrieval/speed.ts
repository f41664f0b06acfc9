/**
 * How long a question takes through the language server, as an editor asks it: p50 and p95, and the share of each stage.
 *
 *     EVERYLINE_HOME=HOME node test/bench/retrieval/speed.ts FOLDER QUESTIONS.json [--rounds 3] [--history] [--from-source]
 *
 * QUESTIONS.json: [{"query": "..."}], as the development annotations. Waits until the folder is in step, encodings included, asks each question
 * once ("first": its files were not looked at before), then all of them in every round, one after another.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type LocatedEvidence, Requests } from "../../../server/protocol.ts";
import { defaultSettings } from "../../../server/settings.ts";
import { quantile, startServer } from "../server.ts";

interface Answered {
  results: LocatedEvidence[];
  ms: number;
  stages: Record<string, number>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "3" }, history: { type: "boolean" }, "from-source": { type: "boolean" } },
});
const [folder, file] = positionals;
if (!folder || !file) throw new Error("usage: speed.ts FOLDER QUESTIONS.json [--rounds N] [--history] [--from-source]");
const questions: string[] = JSON.parse(readFileSync(file, "utf8")).map((it: { query: string }) => it.query);

const server = await startServer(folder, {
  fromSource: values["from-source"] ?? false,
  settings: { history: { ...defaultSettings.history, commits: values.history ? "all" : "none" } },
});
const status = await server.ready();
const first: number[] = [];
for (const query of questions) first.push((await timed(query)).ms);
const times: number[] = [];
const stages: Record<string, number[]> = {};
for (let round = 0; round < Number(values.rounds); round++)
  for (const query of questions) {
    const { answer, ms } = await timed(query);
    times.push(ms);
    for (const [stage, ms] of Object.entries({ ...answer.stages, server: answer.ms })) {
      stages[stage] ??= [];
      stages[stage].push(ms);
    }
  }

const figures = {
  tokens: status.tokens,
  files: status.files,
  commits: status.commits,
  backend: status.engine ? `${status.engine.backend} ${status.engine.detail}` : "none",
  questions: times.length,
  first: { p50: quantile(first, 0.5), p95: quantile(first, 0.95) },
  p50: quantile(times, 0.5),
  p95: quantile(times, 0.95),
  stages: Object.fromEntries(Object.entries(stages).map(([name, all]) => [name, { p50: quantile(all, 0.5), p95: quantile(all, 0.95) }])),
};
console.log(JSON.stringify(figures, null, 2));
await server.close();

function ask(query: string): Promise<Answered> {
  return server.client.sendRequest<Answered>(Requests.search.method, { folder: "", query, k: 10, scope: values.history ? "all" : "files" });
}

async function timed(query: string): Promise<{ answer: Answered; ms: number }> {
  const start = performance.now();
  const answer = await ask(query);
  return { answer, ms: performance.now() - start };
}
