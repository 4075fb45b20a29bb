/**
 * @file The shaped reward r = (e^(alpha R') - e^(alpha R)) / sigma (paper: the exponential and alpha; ours: the constant sigma, the
 * standard deviation of e^(alpha R) over random architectures, which leaves the optimal policy alone and makes the scale O(1): on
 * NAS-Bench-301, e^(32 x 0.94) is 10^13). Everything happens in log space, so no power is taken that could overflow. At alpha = 0
 * the reward is the formula's limit, (R' - R) / standard deviation of R.
 */
import type { Benchmark } from '../benchmarks/types.js';
import { ConfigError } from '../errors.js';
import type { Rng } from '../rng.js';
import type { QueryCounter } from './queryCounter.js';

/** What turns an accuracy into reward units. */
export interface RewardScale {
  /** alpha, 0..200. */
  readonly alpha: number;
  /** ln sigma; at alpha = 0, ln of the standard deviation of R itself. */
  readonly logSigma: number;
}

/** Fixed once a run; plain numbers, kept as JSON in checkpoints and sent to actors. */
export interface RewardShaping extends RewardScale {
  /** Random architectures sigma was taken over, repeats included. */
  readonly samples: number;
}

const CHUNK = 1024;
const MAX_ALPHA = 200;

/**
 * ln of the standard deviation (population) of e^(alpha R), or of R where alpha = 0. With m = max alpha R_i:
 * ln sigma = m + ln std(e^(alpha R_i - m)), and std of expm1 is std of exp without its cancellation at small alpha.
 *
 * @param accuracies f64 [samples], fractions
 * @returns -Infinity where all values are equal
 */
export function logSigmaOf(accuracies: Float64Array, alpha: number): number {
  let top = -Infinity;
  for (const accuracy of accuracies) top = Math.max(top, alpha * accuracy);
  const shaped = accuracies.map((accuracy) => (alpha === 0 ? accuracy : Math.expm1(alpha * accuracy - top)));
  const mean = shaped.reduce((sum, value) => sum + value, 0) / shaped.length;
  const variance = shaped.reduce((sum, value) => sum + (value - mean) ** 2, 0) / shaped.length;
  return (alpha === 0 ? 0 : top) + 0.5 * Math.log(variance);
}

/**
 * Draws `samples` random architectures, asks their validation accuracies and fixes sigma.
 *
 * @param alpha 0..200
 * @param samples at least 2
 * @param queries counts them: each distinct one is a training query
 * @throws ConfigError if a value is out of its range, or if all accuracies drawn are equal (sigma would be 0)
 */
export function measureShaping(benchmark: Benchmark, alpha: number, samples: number, rng: Rng, queries: QueryCounter): RewardShaping {
  if (!(alpha >= 0 && alpha <= MAX_ALPHA)) throw new ConfigError(`mdp.shapingAlpha must be in 0..${MAX_ALPHA}, got ${alpha}`);
  if (!Number.isInteger(samples) || samples < 2) throw new ConfigError(`mdp.shapingSamples must be an integer of at least 2, got ${samples}`);
  const accuracies = drawAccuracies(benchmark, samples, rng, queries);
  const logSigma = logSigmaOf(accuracies, alpha);
  if (!Number.isFinite(logSigma)) {
    throw new ConfigError(`e^(alpha R) must vary over random architectures for rewards to be scaled by its deviation, got one accuracy for all ${samples} (alpha ${alpha})`);
  }
  return { alpha, logSigma, samples };
}

function drawAccuracies(benchmark: Benchmark, samples: number, rng: Rng, queries: QueryCounter): Float64Array {
  const words = benchmark.space.codeWords;
  const codes = new Uint32Array(CHUNK * words);
  const accuracies = new Float64Array(samples);
  for (let from = 0; from < samples; from += CHUNK) {
    const count = Math.min(CHUNK, samples - from);
    for (let i = 0; i < count; i++) {
      benchmark.randomCode(rng, codes, i * words);
      queries.add(benchmark.queryKey(codes, i * words));
    }
    benchmark.validationAccuracies(codes, count, accuracies.subarray(from, from + count));
  }
  return accuracies;
}

/**
 * The reward of a step from accuracy R to R': e^(alpha R - ln sigma) (e^(alpha (R' - R)) - 1), which is the file's formula without its
 * cancellation, and exactly 0 at R' = R.
 * @throws ConfigError if it does not fit float32, in which returns are kept
 */
export function shapedReward(shaping: RewardShaping, fromAccuracy: number, toAccuracy: number): number {
  const { alpha, logSigma } = shaping;
  const gain = toAccuracy - fromAccuracy;
  const reward = alpha === 0 ? gain * Math.exp(-logSigma) : Math.exp(alpha * fromAccuracy - logSigma) * Math.expm1(alpha * gain);
  if (!Number.isFinite(Math.fround(reward))) {
    throw new ConfigError(`mdp.shapingAlpha must keep rewards within float32, got ${reward} for a step from ${fromAccuracy} to ${toAccuracy} at alpha ${alpha}`);
  }
  return reward;
}

/** The potential of an architecture: e^(alpha R) / sigma (R / deviation at alpha = 0), so that a step's reward is the difference of two potentials. */
export function shapedPotential({ alpha, logSigma }: RewardScale, accuracy: number): number {
  return alpha === 0 ? accuracy * Math.exp(-logSigma) : Math.exp(alpha * accuracy - logSigma);
}
