/**
 * What the engine says of the next token. Sums of probabilities are sums of powers, which the engine has taken of all logits at once. Plain
 * loops over the whole vocabulary, and no room made anew for a token: both are what a key waits for.
 */
export class Distribution {
  readonly logits: Float32Array;
  /** e to the power of each logit less `#unit`. */
  readonly #powers: Float32Array;
  readonly #unit: number;

  /** Takes both over: weighing changes them. `powers` as of Step. */
  constructor(logits: Float32Array, powers: Float32Array) {
    this.logits = logits;
    this.#powers = powers;
    this.#unit = this.highest();
  }

  highest(): number {
    const { logits } = this;
    let top = Number.NEGATIVE_INFINITY;
    for (let id = 0; id < logits.length; id++) if ((logits[id] as number) > top) top = logits[id] as number;
    return top;
  }

  /** Logarithm of the sum of the exponentials of the logits of `ids`: what their share of the probability is measured by. */
  logSum(ids: Int32Array): number {
    const powers = this.#powers;
    let sum = 0;
    for (let at = 0; at < ids.length; at++) sum += powers[ids[at] as number] as number;
    return this.#unit + Math.log(sum);
  }

  set(id: number, logit: number): void {
    this.logits[id] = logit;
    this.#powers[id] = Math.exp(logit - this.#unit);
  }

  /** Makes all of `ids` likelier by as much. */
  shift(ids: Int32Array, by: number): void {
    const { logits } = this;
    const powers = this.#powers;
    const factor = Math.exp(by);
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] as number;
      logits[id] = (logits[id] as number) + by;
      powers[id] = (powers[id] as number) * factor;
    }
  }
}

/** Of two numbers. */
export function logAdd(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === Number.NEGATIVE_INFINITY ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}
