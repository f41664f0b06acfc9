/** How fast encoding goes, and how often anybody is told. */

/** Tokens a second over the last half minute of work; pauses do not count. */
export class Rate {
  #samples: { tokens: number; ms: number }[] = [];

  /** `tokens` took `ms` milliseconds. */
  add(tokens: number, ms: number): void {
    this.#samples.push({ tokens, ms });
    while (this.#samples.length > 1 && sum(this.#samples, "ms") - this.#samples[0]!.ms > 30_000) this.#samples.shift();
  }

  /** 0 until something was measured. */
  get tokensPerSecond(): number {
    const ms = sum(this.#samples, "ms");
    return ms > 0 ? (sum(this.#samples, "tokens") * 1000) / ms : 0;
  }

  /** Milliseconds for text of that many bytes, 0 when unknown. */
  etaMs(bytes: number): number {
    const rate = this.tokensPerSecond;
    return rate > 0 ? (bytes / bytesPerToken / rate) * 1000 : 0;
  }
}

/** Measured on code with the model's tokenizer (model/README.md). */
const bytesPerToken = 3.9;

function sum(samples: { tokens: number; ms: number }[], field: "tokens" | "ms"): number {
  return samples.reduce((total, sample) => total + sample[field], 0);
}

/** Calls `action` at once, then at most every `everyMs`; the last call is never lost. */
export class Throttle {
  readonly #action: () => void;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #again = false;

  constructor(action: () => void, everyMs: number) {
    this.#action = action;
    this.#everyMs = everyMs;
  }

  call(): void {
    if (this.#timer) {
      this.#again = true;
      return;
    }
    this.#action();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#again) this.call();
    }, this.#everyMs);
    this.#timer.unref();
    this.#again = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#again = false;
  }
}
