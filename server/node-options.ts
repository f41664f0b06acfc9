/**
 * Options of the Node that runs the language server.
 *
 * liftoff-only: server/index/outline.ts says why. max-semi-space-size: with 8 MB for what was just made a collection takes 1 to 5 ms of the main thread,
 * with Node's own 16 it takes 10 to 20 where the engine has all cores, in all no less; a cancelled request waits for it.
 */
export const nodeOptions = ["--liftoff-only", "--max-semi-space-size=8"];
