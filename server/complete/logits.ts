/** Sums of probabilities that are given by their logarithms. Plain loops: they run over the whole vocabulary for every token. */

/** Logarithm of the sum of the exponentials of the logits of `ids`: what their share of the probability is measured by. */
export function logSum(ids: Int32Array, logits: Float32Array): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < ids.length; at++) top = Math.max(top, logits[ids[at] as number] as number);
  if (top === Number.NEGATIVE_INFINITY) return top;
  let sum = 0;
  for (let at = 0; at < ids.length; at++) sum += Math.exp((logits[ids[at] as number] as number) - top);
  return top + Math.log(sum);
}

/** Of two numbers. */
export function logAdd(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === Number.NEGATIVE_INFINITY ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}
