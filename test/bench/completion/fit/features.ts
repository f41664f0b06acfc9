/**
 * What chances.ts and arguments.ts know of every candidate at the places that places.py cut, for fit.py.
 *
 *     EVERYLINE_HOME=HOME node test/bench/completion/fit/features.ts OUT [FOLDER]     (OUT: the folder that places.py made)
 *
 * FOLDER: where nothing was cut out of it. Then the right name's frequency is less by the passage that the place itself stands in.
 * Writes OUT/names.jsonl, OUT/arguments.jsonl and OUT/tails.jsonl: {group, gold, candidates: [[text, features]]}, a line each. A place whose name the index
 * does not find in one to three other files is left out.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argumentCandidates } from "../../../../server/complete/arguments.ts";
import { callSites } from "../../../../server/complete/call-sites.ts";
import { callsIn } from "../../../../server/complete/calls.ts";
import { nameCandidates } from "../../../../server/complete/chances.ts";
import { knownNames } from "../../../../server/complete/known-names.ts";
import { Likeness } from "../../../../server/complete/likeness.ts";
import type { Ranking } from "../../../../server/complete/ranker.ts";
import { nameScorer } from "../../../../server/complete/scores.ts";
import { receiverOf, surroundingsOf } from "../../../../server/complete/surroundings.ts";
import { tailCandidates } from "../../../../server/complete/tails.ts";
import { Memory } from "../../../../server/memory/memory.ts";
import { defaultSettings } from "../../../../server/settings.ts";

interface Place {
  path: string;
  name: string;
  gold: string;
  prefix: string;
  suffix: string;
}

interface Row {
  group: string;
  gold: string;
  candidates: [string, object][];
}

const mostArguments = 6;
const mostFiles = 3;

async function main(out: string, folder: string | undefined): Promise<void> {
  const places = JSON.parse(readFileSync(join(out, "places.json"), "utf8")) as Place[];
  const memory = await Memory.open({ folder: folder ?? join(out, "tree"), settings: defaultSettings, watch: false });
  await memory.bringUpToDate({ words: true, history: false, encodings: false });
  const names: Row[] = [];
  const passed: Row[] = [];
  const tails: Row[] = [];
  for (const place of places) {
    if (!(await isElsewhere(memory, place))) continue;
    const { name, passedThere, tail } = await rowsOf(memory, place, folder === undefined ? 0 : 1);
    names.push(name);
    passed.push(...passedThere);
    if (tail) tails.push(tail);
  }
  await memory.close();
  write(join(out, "names.jsonl"), names);
  write(join(out, "arguments.jsonl"), passed);
  write(join(out, "tails.jsonl"), tails);
}

async function isElsewhere(memory: Memory, { path, name }: Place): Promise<boolean> {
  const own = await memory.index.documentAt(path);
  const found = new Set((await memory.index.symbolsNamed([name])).filter((row) => row.name === name).map((row) => row.document));
  return found.size >= 1 && found.size <= mostFiles && !(own && found.has(own.id));
}

async function rowsOf(memory: Memory, place: Place, own: number): Promise<{ name: Row; passedThere: Row[]; tail: Row | undefined }> {
  const { path, name, gold } = place;
  const around = surroundingsOf(place.prefix, place.suffix);
  const { receiver } = receiverOf(around.line);
  const known = await knownNames(memory, { path }, around, receiver);
  const likeness = await Likeness.read(memory, { path, text: around.text, at: around.at });
  const frequency = (word: string) => Math.max(0, memory.index.documentFrequency(word) - (word === name ? own : 0));
  const names = { around, known, alike: likeness.names(around.line), frequency };
  const row = rowOf(receiver ? "member" : "free", name, nameCandidates(names));
  const written = callsIn(gold, name)[0]?.arguments ?? [];
  const labels = path.endsWith(".swift");
  const scorer = nameScorer({ around, known, labels });
  const sites = [...callsIn(around.text, name), ...(await callSites(memory, path, name))];
  const passedThere = written.slice(0, mostArguments).map((argument, slot): Row => {
    const before = written.slice(0, slot);
    const line = `${around.line}${name}(${before.map((one) => `${one}, `).join("")}`;
    const parameters = scorer.parametersOf(name);
    const found = argumentCandidates({
      around,
      callee: name,
      before: around.line + name,
      written: before,
      parameter: parameters?.names[slot] ?? "",
      type: parameters?.types[slot] ?? "",
      most: parameters?.most ?? Number.POSITIVE_INFINITY,
      sites,
      isFunction: (one) => scorer.parametersOf(one) !== undefined,
      alike: likeness.arguments(line, name, slot),
    });
    const bare = labels ? argument.replace(/^\w+:\s+/, "") : argument;
    return rowOf("argument", bare, found);
  });
  return { name: row, passedThere, tail: tailRow() };

  function tailRow(): Row | undefined {
    const call = callsIn(gold, name)[0];
    if (!call || !gold.startsWith(name)) return undefined;
    const place = { around, head: around.line, call: gold.slice(0, gold.length - call.tail.length), sites };
    return rowOf("tail", call.tail, tailCandidates(place));
  }
}

function rowOf(group: string, gold: string, { candidates, common }: Ranking): Row {
  return { group, gold, candidates: candidates.map(({ text, features }) => [text, withoutZeros(Object.assign({}, common, ...features))]) };
}

function withoutZeros(features: object): object {
  return Object.fromEntries(Object.entries(features).filter(([, value]) => value));
}

function write(path: string, rows: readonly Row[]): void {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

await main(process.argv[2] as string, process.argv[3]);
