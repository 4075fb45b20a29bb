import { defineConfig } from 'vitest/config';

/** The tests of the deployment, which need Docker (test/docker) or kubectl (test/k8s) and are no part of `make test`. */
export default defineConfig({
  test: {
    include: ['test/docker/**/*.test.ts', 'test/k8s/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 1_800_000,
  },
});
