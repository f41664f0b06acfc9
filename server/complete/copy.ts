/**
 * The copy mechanism: the name at the cursor comes either from the model or from the names that the repository offers there.
 *
 * A mixture of two authors, token by token. Each token that is chosen tells which of them wrote it, so that a name that only the
 * repository knows is finished once it is begun, and what only the model would say is left to the model. With its end the mixture ends.
 */
import { SPECIAL } from "../../native/tokenizer.ts";
import { logSum } from "./logits.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface CopyOptions {
  /** Probability of each name if the repository's names come next; what of the name is written before the cursor included. */
  chances: ReadonlyMap<string, number>;
  /** Probability that one of them comes next. */
  share: number;
  /** What of the name is written. */
  partial: string;
  /** Text of the tokens that are taken back and written anew (token healing). */
  healed: string;
  encode: (text: string) => ArrayLike<number>;
}

interface Node {
  /** Probability of the names below and of the one that ends here. */
  weight: number;
  ends: number;
  next: Map<number, Node>;
}

export class NameCopy {
  readonly #vocabulary: Vocabulary;
  #node: Node | undefined;
  /** Logarithm of how much likelier the repository is the author than the model. */
  #odds: number;
  /** Log probabilities of the last token under each author. */
  #model: (id: number) => number = () => 0;
  #copied: (id: number) => number = () => 0;

  constructor({ chances, share, partial, healed, encode }: CopyOptions, vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    const root = node();
    for (const [name, chance] of chances)
      if (name.length > partial.length && name.startsWith(partial)) add(root, encode(healed + name.slice(partial.length)), chance);
    this.#node = root.weight > 0 ? root : undefined;
    this.#odds = Math.log(share) - Math.log(1 - share);
  }

  /** Puts the mixture's log probabilities in place of the logits of `allowed`. `previous`: the token chosen last, undefined at first. */
  weigh(logits: Float32Array, allowed: Int32Array, previous: number | undefined): void {
    if (previous !== undefined) this.#advance(previous);
    const at = this.#node;
    if (!at) return;
    const norm = logSum(allowed, logits);
    const model = Float32Array.from(allowed, (id) => (logits[id] as number) - norm);
    const ending = at.ends > 0 ? logSum(this.#vocabulary.endingName, logits) - norm : 0;
    const isEnding = (id: number) => at.ends > 0 && this.#vocabulary.endsName(id);
    const raw = logits.slice();
    this.#model = (id) => (raw[id] as number) - norm;
    this.#copied = (id) => {
      const child = at.next.get(id);
      if (child) return Math.log(child.weight / at.weight);
      return isEnding(id) ? Math.log(at.ends / at.weight) + this.#model(id) - ending : Number.NEGATIVE_INFINITY;
    };
    const copies = -Math.log1p(Math.exp(-this.#odds));
    const models = -Math.log1p(Math.exp(this.#odds));
    logits[SPECIAL.eof] = models + (logits[SPECIAL.eof] as number) - norm;
    for (const [i, id] of allowed.entries()) {
      const own = models + (model[i] as number);
      const copied = at.next.has(id) || isEnding(id) ? copies + this.#copied(id) : Number.NEGATIVE_INFINITY;
      logits[id] = Math.max(own, copied) + Math.log1p(Math.exp(-Math.abs(own - copied)));
    }
  }

  #advance(previous: number): void {
    if (!this.#node) return;
    this.#odds += this.#copied(previous) - this.#model(previous);
    this.#node = this.#node.next.get(previous);
  }
}

function node(): Node {
  return { weight: 0, ends: 0, next: new Map() };
}

function add(root: Node, ids: ArrayLike<number>, chance: number): void {
  let at = root;
  at.weight += chance;
  for (let i = 0; i < ids.length; i++) {
    const next = at.next.get(ids[i] as number) ?? node();
    at.next.set(ids[i] as number, next);
    next.weight += chance;
    at = next;
  }
  at.ends += chance;
}
