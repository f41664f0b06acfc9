/** Positions of the largest values, largest first; of equal ones the earlier. What is not finite is left out. */
export function bestOf(values: ArrayLike<number>, count: number): number[] {
  const best: number[] = [];
  if (count <= 0) return best;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (!Number.isFinite(value)) continue;
    if (best.length === count && value <= (values[best[count - 1] as number] as number)) continue;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[best[middle] as number] as number) >= value) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, at);
    if (best.length > count) best.pop();
  }
  return best;
}
