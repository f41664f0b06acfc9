/** Means and intervals over questions of several repositories. */

/** Values of questions, by repository: the mean of the repositories' means, as the bench's headline. */
export function macro(values: readonly (readonly number[])[]): number {
  return mean(values.map(mean));
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

const DRAWS = 1000;

/** 95 % of the macro mean over questions drawn anew within each repository; `random`: whole numbers from 0 to 2^32. */
export function interval(values: readonly (readonly number[])[], random: () => number): string {
  const drawn = Array.from({ length: DRAWS }, () => macro(values.map((of) => of.map(() => of[random() % of.length] ?? 0))));
  drawn.sort((a, b) => a - b);
  return `${drawn[Math.floor(DRAWS * 0.025)]?.toFixed(3)} to ${drawn[Math.floor(DRAWS * 0.975)]?.toFixed(3)}`;
}
