/**
 * What the engine says of the next token, with the powers that its probabilities are sums of: each is taken once a token, however many sums
 * are asked for. Plain loops over the whole vocabulary, and no room made anew for every token: both are what a key waits for.
 */

/** Powers of e come from a table, so many a unit, corrected by the series' first terms (to 1e-7); further below the likeliest they are 0. */
const perUnit = 64;
const furthest = 80;
const table = Float64Array.from({ length: furthest * perUnit + 1 }, (_, at) => Math.exp(-at / perUnit));

/** Room of distributions that were released. */
const free: Float32Array[] = [];
const mostFree = 64;

export class Distribution {
  readonly logits: Float32Array;
  #powers: Float32Array;
  /** The logit whose power is 1. */
  readonly #unit: number;

  /** Takes the logits over: weighing changes them. */
  constructor(logits: Float32Array) {
    this.logits = logits;
    this.#unit = this.highest();
    const room = free.pop();
    this.#powers = room?.length === logits.length ? room : new Float32Array(logits.length);
    fill(this.#powers, logits, this.#unit);
  }

  /** Its room is another's from now on. */
  release(): void {
    if (free.length < mostFree && this.#powers.length > 0) free.push(this.#powers);
    this.#powers = new Float32Array();
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
    this.#powers[id] = powerBelow(this.#unit - (this.logits[id] as number));
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

function fill(powers: Float32Array, logits: Float32Array, unit: number): void {
  for (let id = 0; id < logits.length; id++) powers[id] = powerBelow(unit - (logits[id] as number));
}

/** exp(-below). */
function powerBelow(below: number): number {
  if (!(below < furthest)) return 0;
  if (below < 0) return Math.exp(-below);
  const at = (below * perUnit) | 0;
  const rest = at / perUnit - below;
  return (table[at] as number) * (1 + rest * (1 + rest * (1 / 2 + rest / 6)));
}

/** Of two numbers. */
export function logAdd(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === Number.NEGATIVE_INFINITY ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}
