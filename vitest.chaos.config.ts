import { defineConfig } from 'vitest/config';

/** The chaos test: CHAOS_MINUTES (default 10) of faults in a real system, CHAOS_SEED which ones; no part of `make test`. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 24 * 3_600_000,
    hookTimeout: 120_000,
  },
});
