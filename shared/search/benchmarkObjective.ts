/** @file A benchmark as the objective of one search, so that `archwalk search` treats both alike. */
import type { Benchmark } from '../benchmarks/types.js';
import type { Objective } from './searchObjective.js';

export function benchmarkObjective(benchmark: Benchmark): Objective {
  const accuracy = new Float64Array(1);
  return {
    evaluate: ({ architecture }) => {
      benchmark.validationAccuracies(benchmark.space.fromJson(architecture), 1, accuracy);
      return Promise.resolve(accuracy[0] ?? NaN);
    },
  };
}
