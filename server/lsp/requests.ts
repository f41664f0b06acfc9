/** The custom requests of protocol.ts: parameters are checked, folders found, paths turned into URIs inside their folder. */
import { type CancellationToken, type Connection, ResponseError } from "vscode-languageserver/node";
import type { Answer } from "../ask/types.ts";
import type { MemoryStatus } from "../memory/types.ts";
import { type LocatedAnswer, type LocatedEvidence, notReadyCode, type Request, Requests } from "../protocol.ts";
import type { Evidence, SearchOptions } from "../retrieve/types.ts";
import type { InlineCompletions } from "./completion.ts";
import { badRequest, responseError, signalOf } from "./errors.ts";
import type { Folder, Folders } from "./folders.ts";
import type { OpenedFolder } from "./opened.ts";
import { uriInFolder } from "./uris.ts";

export interface Answering {
  folders: Folders;
  completions: InlineCompletions;
  /** How the memories of a folder ("": of all) are. */
  statusesOf: (folder: string) => Promise<MemoryStatus[]>;
}

export function answerRequests(connection: Connection, { folders, completions, statusesOf }: Answering): void {
  /** Registers a handler whose errors become answers that name them. */
  function on<P, R>(request: Request<P, R>, handle: (params: P, token: CancellationToken) => R | Promise<R>): void {
    connection.onRequest(request.method, async (params: unknown, token: CancellationToken): Promise<unknown> => {
      try {
        if (typeof params !== "object" || params === null) throw badRequest(`${request.method} needs parameters.`);
        return await handle(params as P, token);
      } catch (error) {
        return responseError(error);
      }
    });
  }

  on(Requests.ask, async ({ folder, question, k }, token) => {
    const text = textOf(question, "question");
    const signal = signalOf(token);
    const answers = await fromEach(folders.findAll(textOf(folder, "folder")), async (one, opened) =>
      located(one, await whileReading(opened, () => opened.ask(text, countOf(k), signal))),
    );
    return answers.reduce(better);
  });

  on(Requests.word, async ({ answer, text, model }) => {
    checkAnswer(answer);
    const folder = folders.find(answer.folder);
    const opened = await folder.opening;
    return located(folder, opened.word(answer, textOf(text, "text"), textOf(model, "model")));
  });

  on(Requests.wordByEndpoint, async ({ answer }, token) => {
    checkAnswer(answer);
    const folder = folders.find(answer.folder);
    const opened = await folder.opening;
    return located(folder, await opened.wordByEndpoint(answer, signalOf(token)));
  });

  on(Requests.search, async ({ folder, query, k, scope }, token) => {
    const started = performance.now();
    const options: SearchOptions = { k: countOf(k), scope: scopeOf(scope), signal: signalOf(token) };
    const text = textOf(query, "query");
    const found = await fromEach(folders.findAll(textOf(folder, "folder")), async (one, opened) => {
      const { evidence, ms, stages } = await whileReading(opened, () => opened.search(text, options));
      return { evidence: evidence.map((each) => locate(one, each)), ms, stages };
    });
    const results = found.flatMap((it) => it.evidence).sort((a, b) => b.score - a.score);
    const slowest = found.reduce((a, b) => (b.ms > a.ms ? b : a));
    return { results: results.slice(0, options.k), ms: performance.now() - started, stages: slowest.stages };
  });

  on(Requests.fileAt, async ({ folder, commit, path, side }) => {
    const opened = await folders.find(textOf(folder, "folder")).opening;
    if (side !== "before" && side !== "after") throw badRequest('"side" must be "before" or "after".');
    return { text: (await opened.fileAt(textOf(commit, "commit"), textOf(path, "path"), side)) ?? null };
  });

  on(Requests.commitFiles, async ({ folder, commit }) => {
    const opened = await folders.find(textOf(folder, "folder")).opening;
    return opened.commitFiles(textOf(commit, "commit"));
  });

  on(Requests.lineOrigin, async ({ uri, startLine, endLine }) => {
    const found = folders.ofDocument(textOf(uri, "uri"));
    if (!found) throw badRequest("The file is in no folder that Everyline has open.");
    const opened = await found.folder.opening;
    return { folder: found.folder.uri, origins: await opened.lineOrigin(found.path, lineOf(startLine), lineOf(endLine)) };
  });

  on(Requests.status, ({ folder }) => statusesOf(textOf(folder, "folder")));
  on(Requests.pause, ({ folder }) => each(folder, (opened) => opened.pause()));
  on(Requests.resume, ({ folder }) => each(folder, (opened) => opened.resume()));
  on(Requests.rebuild, ({ folder }) => each(folder, (opened) => opened.rebuild()));
  on(Requests.allowEncoding, ({ folder, allow }) => each(folder, (opened) => opened.allowEncoding(allow === true)));

  // The cache is the user's: every folder lets go of its part, and what they free adds up.
  on(Requests.clearCache, async () => {
    let freedBytes = 0;
    for (const folder of folders.all()) freedBytes += await (await folder.opening).clearCache();
    return { freedBytes };
  });

  on(Requests.completionSources, ({ uri }) => completions.sources(textOf(uri, "uri")));

  async function each(uri: string, act: (opened: OpenedFolder) => Promise<void>): Promise<null> {
    await fromEach(folders.findAll(textOf(uri, "folder")), (_, opened) => act(opened));
    return null;
  }
}

/** Asks several folders at once. One that fails leaves the others' results; if all fail, the first error is thrown. */
async function fromEach<T>(folders: Folder[], act: (folder: Folder, opened: OpenedFolder) => Promise<T>): Promise<T[]> {
  const results = await Promise.allSettled(folders.map(async (folder) => act(folder, await folder.opening)));
  const values = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (values.length === 0 && failed) throw failed.reason;
  return values;
}

/** Asks a memory that may still be reading: refused while it knows nothing, and said in the result while it knows a part. */
async function whileReading<T extends { incomplete: string }>(opened: OpenedFolder, ask: () => Promise<T>): Promise<T> {
  if (!opened.isReading()) return ask();
  const [{ files }, result] = await Promise.all([opened.status(), ask()]);
  if (files === 0) throw new ResponseError(notReadyCode, "Everyline has only begun to read this folder. Ask again in a moment.");
  return { ...result, incomplete: ["files are still being read", result.incomplete].filter(Boolean).join("; ") };
}

function located(folder: Folder, answer: Answer): LocatedAnswer {
  return { ...answer, folder: folder.uri, evidence: answer.evidence.map((evidence) => locate(folder, evidence)) };
}

/** A commit has no file: its URI is "". */
function locate(folder: Folder, evidence: Evidence): LocatedEvidence {
  return { ...evidence, uri: uriInFolder(folder.path, evidence.path) ?? "", folder: folder.uri };
}

/** Several folders answer: one that found something wins, then the one with the better best evidence. */
function better(a: LocatedAnswer, b: LocatedAnswer): LocatedAnswer {
  if (a.found !== b.found) return a.found ? a : b;
  return (b.evidence[0]?.score ?? 0) > (a.evidence[0]?.score ?? 0) ? b : a;
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== "string") throw badRequest(`"${name}" must be a text.`);
  return value;
}

function countOf(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 100) throw badRequest('"k" must be between 1 and 100.');
  return value;
}

function lineOf(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1) throw badRequest("Lines are whole numbers from 1 on.");
  return value;
}

function scopeOf(value: unknown): SearchOptions["scope"] {
  if (value === "files" || value === "commits" || value === "all") return value;
  throw badRequest('"scope" must be "files", "commits" or "all".');
}

function checkAnswer(answer: unknown): void {
  const given = answer as Partial<LocatedAnswer> | null;
  const usable = typeof given === "object" && given !== null && typeof given.folder === "string" && Array.isArray(given.evidence);
  if (!usable) throw badRequest('"answer" must be an answer of everyline/ask.');
}
