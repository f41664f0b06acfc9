/** What the engine says after any continuation of a context: one session that is told to go on or to go back. */
import type { Attended, Step } from "../../native/addon.ts";
import { Distribution } from "./logits.ts";

export interface DecodeSession {
  /** `before`: of how many tokens before the last the state is told, too (0 to 15). */
  begin(ids: Int32Array, hidden: Int32Array, before: number): Promise<Step>;
  cancel(): void;
}

/** After a token. */
export interface State {
  next: Distribution;
  attended: readonly Attended[];
}

const mostAhead = 15;

export class TokenTree {
  readonly #session: DecodeSession;
  readonly #ids: Int32Array;
  readonly #hidden: Int32Array;
  /** What the engine said, and what was made of it, by the tokens after the context. */
  readonly #steps = new Map<string, Step>();
  readonly #states = new Map<string, State>();

  /** `hidden`: documents that are not attended. */
  constructor(session: DecodeSession, ids: Int32Array, hidden: Int32Array) {
    this.#session = session;
    this.#ids = ids;
    this.#hidden = hidden;
  }

  /**
   * The state after the context and `tokens`, always the same one. `ahead`: tokens that are likely to be asked for after them; the engine
   * reads them in the same call, which takes it little longer than without. One call at a time.
   */
  async after(tokens: readonly number[], ahead: readonly number[] = []): Promise<State> {
    const key = keyOf(tokens);
    if (!this.#steps.has(key)) await this.#ask(tokens, ahead.slice(0, mostAhead));
    const state = this.#states.get(key) ?? stateOf(this.#steps.get(key) as Step);
    this.#states.set(key, state);
    return state;
  }

  async #ask(tokens: readonly number[], ahead: readonly number[]): Promise<void> {
    const step = await this.#session.begin(Int32Array.from([...this.#ids, ...tokens, ...ahead]), this.#hidden, ahead.length);
    for (const [count, one] of [...(step.before ?? []), step].entries()) this.#steps.set(keyOf([...tokens, ...ahead.slice(0, count)]), one);
  }
}

function stateOf({ logits, powers, attended }: Step): State {
  return { next: new Distribution(logits, powers), attended };
}

function keyOf(tokens: readonly number[]): string {
  return tokens.join(" ");
}
