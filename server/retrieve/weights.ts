/**
 * The weights of retrieval, all of them. Fitted on the development benchmark (docs/retrieval.md says how); nothing else
 * in this folder holds a number that decides what is ranked above what.
 */
import type { FieldWeights } from "../../native/addon.ts";
import type { FileRole } from "../index/types.ts";
import type { FeatureName } from "./features.ts";
import type { QueryKind } from "./query.ts";

/** BM25F: how much a word counts in the path, in the names defined here, in the text. */
export const fieldWeights: FieldWeights = { path: 2, symbols: 2, body: 1 };

/** BM25F over commits: changed paths, subject, message. */
export const commitFieldWeights: FieldWeights = { path: 0.75, symbols: 1.5, body: 1 };

/** BM25F over parts of diffs by what is asked for: paths and enclosing definitions, removed lines (`symbols`), added lines (`body`). */
export const diffFieldWeights: Record<"any" | "removed" | "added", FieldWeights> = {
  any: { path: 0.75, symbols: 0.5, body: 1 },
  removed: { path: 0.5, symbols: 1, body: 0 },
  added: { path: 0.5, symbols: 0, body: 1 },
};

/** File score = sum of weight x feature (features.ts describes each), times the role's factor. */
export const featureWeights: Record<FeatureName, number> = {
  words: 1,
  lift: 0.45,
  coverage: 0.05,
  meaning: 1,
  chunk: 0.35,
  defines: 0.65,
  whole: 4,
  path: 1,
  name: 1.25,
  named: 3,
  frame: 2,
  literal: 2,
  uses: 0.25,
};

/** Factors on single features by the kind of question; 1 where nothing is said. */
export const kindFactors: Record<QueryKind, Partial<Record<FeatureName, number>>> = {
  symbol: { defines: 3, path: 0.5 },
  path: { meaning: 0.3, chunk: 0.3 },
  literal: { coverage: 10 },
  regex: { meaning: 0.3, chunk: 0.3, literal: 4 },
  history: {},
  question: {},
};

/** Factor on a file's score by its role, unless the question asks for that role. */
export const roleFactors: Record<FileRole, number> = {
  source: 1,
  test: 0.5,
  example: 0.5,
  documentation: 0.55,
  configuration: 0.7,
  generated: 0.6,
  vendored: 0.5,
};

/** What chooses the lines inside a file (places.ts). */
export const placeWeights = { words: 1, coverage: 0.5, meaning: 0.5, defines: 1, whole: 20, literal: 10, frame: 20 };

/**
 * Commits (commits.ts): share of the score that coverage decides, factor for merges, most that recency adds, what a named author adds, what
 * the best part of the diff counts beside the message (more where the question asks what went or came), a message that holds the question word
 * for word, the best landmark scores, and a change of the file most suspect (suspects.ts). Below the first places reciprocal ranks decide,
 * `fusion` being added to each.
 */
export const commitWeights = {
  coverage: 0.5,
  merge: 0.6,
  recency: 1,
  recencyAsked: 2,
  halfLifeDays: 180,
  author: 0.5,
  diff: 0.5,
  diffAsked: 1.5,
  phrase: 1,
  meaning: 0.1,
  suspect: 1,
  firstPlaces: 5,
  fusion: 10,
};

/** Factor on what a commit changed in a file of this role, unless the question asks for that role. */
export const diffRoleFactors: Record<FileRole, number> = {
  source: 1,
  test: 1,
  example: 1,
  documentation: 0.3,
  configuration: 0.7,
  generated: 0.5,
  vendored: 0.5,
};

/**
 * Logistic weights of the confidence that the question has an answer here (confidence.ts), fitted on 637 questions of their
 * own repository and 1,911 of another one; for commits on 63 questions of their own history and 189 of another one.
 */
export const confidenceWeights = {
  bias: -5.8,
  held: 4.1,
  known: 3.6,
  missing: -2.9,
  length: 4,
  size: -4.9,
  defines: 2.4,
  name: 4.9,
  named: 8,
  literal: 6,
  commitBias: -28.1,
  commits: 8.1,
  commitKnown: 22.5,
  commitLength: 2.4,
};

/** Below it an answer says "not found": keeps 96 % of the questions with an answer, refuses 86 % of those of another repository. */
export const FOUND = 0.3;

/** How files and commits stand to each other in one list, by whether the question is about history; `few`: most of the other kind, as a share of k; `coverage`: share of its words from which commits answer a question that is not about history. */
export const scopeWeights = { history: { files: 0.6, commits: 1 }, other: { files: 1, commits: 0.55 }, few: 0.2, coverage: 0.79 };
