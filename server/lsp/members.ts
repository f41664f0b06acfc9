/**
 * What a language's own server offers behind a receiver: asked of the editor, which has that server's extension.
 *
 * An answer that comes too late for one completion serves the next key: behind the same receiver the same is offered.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { OfferedMember } from "../complete/types.ts";
import type { MembersParams } from "../protocol.ts";

/** Asks the editor. */
type AskMembers = (params: MembersParams) => Promise<OfferedMember[]>;

type Offered = readonly OfferedMember[] | undefined;

/** A completion waits no longer: the engine reads the context meanwhile. */
const limitMs = 100;
/** A type may change while the receiver's text stays. */
const keptMs = 20_000;
const mostKept = 8;

export class OfferedMembers {
  readonly #ask: AskMembers;
  readonly #kept = new Map<string, { asked: number; answer: Promise<Offered> }>();

  constructor(ask: AskMembers) {
    this.#ask = ask;
  }

  /** Behind `head`, the line up to the receiver's dot; undefined where nothing is offered, or not in time. Never rejects. */
  async behind(head: string, place: MembersParams): Promise<Offered> {
    const key = `${place.uri}\n${place.line}\n${head}`;
    const kept = this.#kept.get(key);
    const fresh = kept && performance.now() - kept.asked < keptMs ? kept.answer : this.#keep(key, place);
    const timer = new AbortController();
    const late = wait(limitMs, undefined, { signal: timer.signal }).catch(() => undefined);
    const answer = await Promise.race([fresh, late]);
    timer.abort();
    return answer;
  }

  #keep(key: string, place: MembersParams): Promise<Offered> {
    const answer = this.#ask(place).then(
      (members) => (members.length > 0 ? members : undefined),
      () => undefined,
    );
    this.#kept.delete(key);
    this.#kept.set(key, { asked: performance.now(), answer });
    if (this.#kept.size > mostKept) this.#kept.delete(this.#kept.keys().next().value as string);
    // Nothing offered is not kept: the language's server may still be starting.
    void answer.then((members) => {
      if (members === undefined && this.#kept.get(key)?.answer === answer) this.#kept.delete(key);
    });
    return answer;
  }
}
