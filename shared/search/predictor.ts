/**
 * @file A predictor-guided baseline in the manner of BANANAS (White et al. 2021, arXiv:1910.11858): a small ensemble predicts
 * accuracy from the architectures asked for so far; candidates are neighbours of the best of them; those that an independent
 * Thompson sample (a draw from each candidate's ensemble mean and deviation) ranks highest are asked for next, then the ensemble is fitted anew.
 * Kept of BANANAS: 10 random architectures first, 10 a round, an ensemble of 5, mutation of the best, this acquisition. Changed: boosted trees
 * on bootstrap samples instead of networks, the benchmark's own one-hot features instead of path encodings.
 */
import { fitBoostedTrees, predictBoostedTrees, type BoostingOptions } from './boostedTrees.js';
import { shuffle } from './shuffle.js';
import { evaluate, type SearchContext, type SearchProcess } from './types.js';

export const FIRST_RANDOM = 10;
export const PER_ROUND = 10;
export const MEMBERS = 5;
/** Best architectures whose neighbours are candidates, and the most candidates scored in a round. */
export const PARENTS = 10;
export const CANDIDATES = 300;
export const BOOSTING: BoostingOptions = { trees: 40, depth: 3, learningRate: 0.2, leafPenalty: 1 };

export function* predictor(context: SearchContext): SearchProcess {
  const { benchmark, start, rng, budget } = context;
  const words = benchmark.space.codeWords;
  const first = new Uint32Array(FIRST_RANDOM * words);
  first.set(start);
  for (let i = 1; i < FIRST_RANDOM; i++) benchmark.randomCode(rng, first, i * words);
  yield* evaluate(first, FIRST_RANDOM);
  for (;;) {
    const codes = budget.codes();
    const accuracies = budget.accuracies();
    const { pool, count } = candidates(context, codes, accuracies);
    if (count === 0) {
      for (let i = 0; i < FIRST_RANDOM; i++) benchmark.randomCode(rng, first, i * words);
      yield* evaluate(first.slice(), FIRST_RANDOM);
      continue;
    }
    const scores = thompsonScores(context, codes, accuracies, pool, count);
    const chosen = Array.from({ length: count }, (_, i) => i)
      .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
      .slice(0, PER_ROUND);
    const next = new Uint32Array(chosen.length * words);
    chosen.forEach((row, i) => { next.set(pool.subarray(row * words, (row + 1) * words), i * words); });
    yield* evaluate(next, chosen.length);
  }
}

/** New neighbours of the best architectures, in random order, at most CANDIDATES. Where there is none, the round is random. */
function candidates({ benchmark, budget, rng }: SearchContext, codes: Uint32Array, accuracies: Float64Array) {
  const words = benchmark.space.codeWords;
  const parents = Array.from(accuracies, (_, i) => i)
    .sort((a, b) => (accuracies[b] ?? 0) - (accuracies[a] ?? 0) || a - b)
    .slice(0, PARENTS);
  const most = benchmark.space.maxNeighbours;
  const neighbours = new Uint32Array(most * words);
  const found = new Map<string | number, Uint32Array>();
  for (const parent of parents) {
    const count = benchmark.neighbours(codes, parent * words, neighbours);
    for (let i = 0; i < count; i++) {
      const key = benchmark.queryKey(neighbours, i * words);
      if (!found.has(key) && !budget.has(neighbours, i * words)) found.set(key, neighbours.slice(i * words, (i + 1) * words));
    }
  }
  const all = [...found.values()];
  shuffle(all, all.length, rng);
  const count = Math.min(all.length, CANDIDATES);
  const pool = new Uint32Array(count * words);
  for (let i = 0; i < count; i++) pool.set(all[i] ?? [], i * words);
  return { pool, count };
}

/** One draw a candidate from the normal of its ensemble mean and deviation: f64 [count]. */
function thompsonScores({ benchmark, rng }: SearchContext, codes: Uint32Array, accuracies: Float64Array, pool: Uint32Array, count: number): Float64Array {
  const { active, rows: features } = benchmark.space.features;
  const ids = featureIds(benchmark.space, codes, accuracies.length);
  const poolIds = featureIds(benchmark.space, pool, count);
  const members = Array.from({ length: MEMBERS }, () =>
    predictBoostedTrees(fitBoostedTrees(ids, accuracies, active, features, BOOSTING, rng), poolIds, count, active, features));
  return Float64Array.from({ length: count }, (_, i) => {
    const values = members.map((member) => member[i] ?? 0);
    const mean = values.reduce((a, b) => a + b, 0) / MEMBERS;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (MEMBERS - 1);
    return mean + Math.sqrt(variance) * rng.normal();
  });
}

/** uint16 [count, K]. */
function featureIds(space: SearchContext['benchmark']['space'], codes: Uint32Array, count: number): Uint16Array {
  const ids = new Uint16Array(count * space.features.active);
  for (let i = 0; i < count; i++) space.featureIds(codes, i * space.codeWords, ids, i * space.features.active);
  return ids;
}
