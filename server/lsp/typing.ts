/**
 * How long to wait after a key before a completion is computed: as short as the rhythm of typing allows.
 *
 * In a burst each key would cancel what the one before it began: the wait outlasts the usual gap between keys. Who types slowly sees a
 * completion between two keys, and after a pause the first key is answered as soon.
 */

/** Longer gaps are pauses and say nothing of the rhythm, milliseconds. */
const longestGap = 1000;
/** Of the usual gap, what the newest counts. */
const newest = 0.3;
/** What a completion takes from request to reply, milliseconds: with a longer gap there is time for one between two keys. */
const usualCompletion = 150;
const shortestWait = 20;

export class TypingRhythm {
  #last = Number.NEGATIVE_INFINITY;
  #gap = usualCompletion;

  /** A key was pressed at `now` (milliseconds). Returns how long to wait, at most `most`. */
  wait(now: number, most: number): number {
    const gap = now - this.#last;
    this.#last = now;
    if (gap > longestGap) return Math.min(most, shortestWait);
    this.#gap += newest * (gap - this.#gap);
    const patient = this.#gap > usualCompletion ? shortestWait : 1.2 * this.#gap;
    return Math.min(most, Math.max(shortestWait, patient));
  }
}
