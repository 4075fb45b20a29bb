/**
 * @file NAS-Bench-301 as a benchmark: the DARTS space, answered by a backend that predicts validation accuracy from a batch of
 * codes. It knows no test accuracy and no optimum. A query is counted by the canonical genotype, which is what a code is.
 */
import { InvariantError } from '../../errors.js';
import type { Benchmark } from '../types.js';
import { genotypeParameters } from './parameterCount.js';
import { nasbench301Space } from './space.js';

/** What stands behind NAS-Bench-301: a surrogate of validation accuracy. */
export interface Nasbench301Backend {
  /** `embedded`, `yahpo`, `ensemble-xgb:noise=7`. */
  readonly name: string;
  readonly provenance: string;
  /** Writes into out[0..count) the validation accuracies (fractions) of `count` codes uint32 [count, 2]. Deterministic. */
  predict(codes: Uint32Array, count: number, out: Float64Array): void;
  /** As `predict`, for the seconds of a training, where the backend predicts them. */
  readonly trainingSeconds?: (codes: Uint32Array, count: number, out: Float64Array) => void;
}

/** The benchmark over a backend. */
export function nasbench301Benchmark(backend: Nasbench301Backend): Benchmark {
  return {
    description: { name: 'nasbench301', dataset: 'cifar10', backend: backend.name, provenance: backend.provenance },
    space: nasbench301Space,
    optimum: null,
    hasTestAccuracy: false,
    holds: nasbench301Space.contains,
    randomCode: nasbench301Space.randomCode,
    neighbours: nasbench301Space.neighbours,
    validationAccuracies: (codes, count, out) => backend.predict(codes, count, out),
    testAccuracies: () => {
      throw new InvariantError('testAccuracies must be asked only where hasTestAccuracy is true: NAS-Bench-301 predicts validation accuracy only');
    },
    queryKey: (codes, offset) => `${codes[offset] as number},${codes[offset + 1] as number}`,
    parameters: genotypeParameters,
    ...(backend.trainingSeconds === undefined ? {} : { trainingSeconds: backend.trainingSeconds }),
  };
}
