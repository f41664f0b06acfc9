/** Long work of the main thread in steps, so that a cancellation is heard and other requests are answered in between. */

/** Yields where it may be interrupted; returns what was worked out. */
export type Steps<T> = Generator<void, T>;

/** Milliseconds of one stretch. */
const stretchMs = 3;

/** Works through without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Lets others have their turn after each stretch. Throws the signal's reason once it is aborted. */
export async function inTurns<T>(steps: Steps<T>, signal: AbortSignal): Promise<T> {
  let since = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - since < stretchMs) continue;
    await turn(signal);
    since = performance.now();
  }
}

/** Lets others have their turn. Throws the signal's reason once it is aborted. */
export async function turn(signal?: AbortSignal): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}
