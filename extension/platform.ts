/** Where this release runs: Linux on x86-64 with glibc 2.28 or later. */

const leastGlibc = [2, 28] as const;

/** Why this machine is not supported, in a sentence for people, or "" when it is. */
export function unsupported(platform: string, arch: string, glibc: string | undefined): string {
  const here = `${platform}-${arch}`;
  if (here !== "linux-x64") {
    return `Everyline is not available for ${here} yet: this release runs on linux-x64. Nothing was started.`;
  }
  if (!glibc) return "Everyline needs glibc 2.28 or later; this Linux uses another C library. Nothing was started.";
  const [major = 0, minor = 0] = glibc.split(".").map(Number);
  if (major > leastGlibc[0] || (major === leastGlibc[0] && minor >= leastGlibc[1])) return "";
  return `Everyline needs glibc 2.28 or later; this system has ${glibc}. Nothing was started.`;
}

/** The version of glibc this process runs on, undefined with another C library. */
export function glibcVersion(): string | undefined {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime;
}
