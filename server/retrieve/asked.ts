/**
 * What a question asks for by words, as places inside of files are judged: its terms, how much each says, and on which lines they stand.
 */
import type { IndexReader } from "../index/api.ts";
import type { Query } from "./query.ts";

/** What may be a word of the index; it splits such a run further itself. */
const WORD = /[\p{L}\p{N}\p{M}_$]+/gu;
/** Bits of a mask: of a longer question the rarest terms count. */
const MOST_TERMS = 32;

export class Asked {
  readonly #index: IndexReader;
  /** A term's bit; rarest first. */
  readonly #bits: ReadonlyMap<string, number>;
  /** How much each term says: rare ones more. */
  readonly #masses: number[];
  /** The question's words, rarest first, each with the bits of its terms. */
  readonly words: { word: string; mask: number }[];
  /** Of words met in files. */
  readonly #wordMasks = new Map<string, number>();

  private constructor(index: IndexReader, query: Query) {
    this.#index = index;
    const terms = [...new Set(index.terms(query.words))].map((term) => ({ term, mass: 1 / Math.log2(4 + index.documentFrequency(term)) }));
    terms.sort((a, b) => b.mass - a.mass);
    terms.splice(MOST_TERMS);
    this.#bits = new Map(terms.map(({ term }, bit) => [term, 1 << bit]));
    this.#masses = terms.map(({ mass }) => mass);
    const words = [...new Set(query.words.split(/[^\p{L}\p{N}_$]+/u).filter((word) => word.length > 1))];
    this.words = words
      .map((word) => ({ word, mask: this.#maskOf(index.terms(word)), frequency: index.documentFrequency(word) }))
      .sort((a, b) => a.frequency - b.frequency);
  }

  /** Made once a question. */
  static of(index: IndexReader, query: Query): Asked {
    const known = made.get(query);
    if (known) return known;
    const fresh = new Asked(index, query);
    made.set(query, fresh);
    return fresh;
  }

  /** The terms that stand on a line, as a mask. */
  onLine(line: string): number {
    let mask = 0;
    for (const word of line.match(WORD) ?? []) mask |= this.#ofWord(word);
    return mask;
  }

  /** How much the terms of a mask say together. */
  mass(mask: number): number {
    let mass = 0;
    for (let bit = 0; bit < this.#masses.length; bit++) if ((mask >>> bit) & 1) mass += this.#masses[bit] as number;
    return mass;
  }

  #ofWord(word: string): number {
    const known = this.#wordMasks.get(word);
    if (known !== undefined) return known;
    const mask = this.#maskOf(termsOf(this.#index, word));
    this.#wordMasks.set(word, mask);
    return mask;
  }

  #maskOf(terms: readonly string[]): number {
    let mask = 0;
    for (const term of terms) mask |= this.#bits.get(term) ?? 0;
    return mask;
  }
}

const made = new WeakMap<Query, Asked>();

/** Words of files with their terms, by index: the same few thousand come in all questions. All are forgotten beyond `MOST_WORDS`. */
const wordsMet = new WeakMap<IndexReader, Map<string, string[]>>();
const MOST_WORDS = 50_000;
const LONGEST_KEPT = 60;

function termsOf(index: IndexReader, word: string): string[] {
  let met = wordsMet.get(index);
  if (!met || met.size > MOST_WORDS) {
    met = new Map();
    wordsMet.set(index, met);
  }
  const known = met.get(word);
  if (known) return known;
  const terms = index.terms(word);
  if (word.length <= LONGEST_KEPT) met.set(word, terms);
  return terms;
}
