/** What the engine says after any continuation of a context: one session that is told to go on or to go back. */
import type { Step } from "../../native/addon.ts";

export interface DecodeSession {
  begin(ids: Int32Array, hidden: Int32Array): Promise<Step>;
  next(token: number): Promise<Step>;
  cancel(): void;
}

export class TokenTree {
  readonly #session: DecodeSession;
  readonly #ids: Int32Array;
  readonly #hidden: Int32Array;
  /** Where the session stands; undefined before the context is read. */
  #at: readonly number[] | undefined;

  /** `hidden`: documents that are not attended. */
  constructor(session: DecodeSession, ids: Int32Array, hidden: Int32Array) {
    this.#session = session;
    this.#ids = ids;
    this.#hidden = hidden;
  }

  /** The state after the context and `tokens`. One call at a time. */
  async after(tokens: readonly number[]): Promise<Step> {
    const at = this.#at;
    this.#at = undefined;
    const goesOn = at?.length === tokens.length - 1 && at.every((token, place) => token === tokens[place]);
    const step = goesOn
      ? await this.#session.next(tokens.at(-1) as number)
      : await this.#session.begin(Int32Array.from([...this.#ids, ...tokens]), this.#hidden);
    this.#at = [...tokens];
    return step;
  }
}
