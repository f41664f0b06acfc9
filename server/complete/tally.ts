/** How often each text is among some. */
export function tally(all: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const one of all) found.set(one, (found.get(one) ?? 0) + 1);
  return found;
}
