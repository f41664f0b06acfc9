/** Logarithm of the sum of the exponentials of the logits of `ids`: what their share of the probability is measured by. */
export function logSum(ids: Int32Array, logits: Float32Array): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const id of ids) top = Math.max(top, logits[id] as number);
  let sum = 0;
  for (const id of ids) sum += Math.exp((logits[id] as number) - top);
  return top + Math.log(sum);
}
