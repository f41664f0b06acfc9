/** What the engine says after any continuation of a context: one session that is told to go on or to go back. */
import type { Attended, Step } from "../../native/addon.ts";
import { Distribution } from "./logits.ts";

export interface DecodeSession {
  begin(ids: Int32Array, hidden: Int32Array): Promise<Step>;
  next(token: number): Promise<Step>;
  cancel(): void;
}

/** After a token. */
export interface State {
  next: Distribution;
  attended: readonly Attended[];
}

export class TokenTree {
  readonly #session: DecodeSession;
  readonly #ids: Int32Array;
  readonly #hidden: Int32Array;
  readonly #given: State[] = [];
  /** Where the session stands; undefined before the context is read. */
  #at: readonly number[] | undefined;

  /** `hidden`: documents that are not attended. */
  constructor(session: DecodeSession, ids: Int32Array, hidden: Int32Array) {
    this.#session = session;
    this.#ids = ids;
    this.#hidden = hidden;
  }

  /** The state after the context and `tokens`. One call at a time. */
  async after(tokens: readonly number[]): Promise<State> {
    const at = this.#at;
    this.#at = undefined;
    const goesOn = at?.length === tokens.length - 1 && at.every((token, place) => token === tokens[place]);
    const step = goesOn
      ? await this.#session.next(tokens.at(-1) as number)
      : await this.#session.begin(Int32Array.from([...this.#ids, ...tokens]), this.#hidden);
    this.#at = [...tokens];
    const state = { next: new Distribution(step.logits), attended: step.attended };
    this.#given.push(state);
    return state;
  }

  /** Ends the use of all states that were given. */
  release(): void {
    for (const { next } of this.#given.splice(0)) next.release();
  }
}
