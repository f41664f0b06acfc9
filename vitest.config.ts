import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{server,extension,native}/**/*.test.ts", "test/{unit,native,fault}/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
