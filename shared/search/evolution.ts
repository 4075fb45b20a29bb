/**
 * @file Regularized evolution (Real et al. 2019, arXiv:1802.01548): a queue of the P youngest; each round the best of S drawn
 * without replacement has a mutant, a uniformly drawn neighbour, which joins while the oldest leaves. P = 30 and S = 10: the sizes the
 * field takes for budgets of a few hundred queries; the paper's P = 100 would spend a budget of 100 on random cells alone.
 * A mutant asked for before is free and joins all the same.
 */
import { evaluate, evaluateOne, type SearchContext, type SearchProcess } from './types.js';
import { shuffle } from './shuffle.js';

export const POPULATION = 30;
export const TOURNAMENT = 10;

interface Individual {
  readonly code: Uint32Array;
  readonly accuracy: number;
}

export function* evolution(context: SearchContext): SearchProcess {
  const { benchmark, start, rng } = context;
  const words = benchmark.space.codeWords;
  const first = new Uint32Array(POPULATION * words);
  first.set(start);
  for (let i = 1; i < POPULATION; i++) benchmark.randomCode(rng, first, i * words);
  const accuracies = yield* evaluate(first, POPULATION);
  const population: Individual[] = Array.from(accuracies, (accuracy, i) => ({ code: first.slice(i * words, (i + 1) * words), accuracy }));
  const neighbours = new Uint32Array(benchmark.space.maxNeighbours * words);
  const order = new Uint32Array(POPULATION);
  for (;;) {
    for (let i = 0; i < POPULATION; i++) order[i] = i;
    shuffle(order, POPULATION, rng);
    const parent = bestOf(population, order);
    const count = benchmark.neighbours(parent, 0, neighbours);
    const code = new Uint32Array(words);
    if (count === 0) {
      benchmark.randomCode(rng, code, 0);
    } else {
      const pick = rng.int(count) * words;
      code.set(neighbours.subarray(pick, pick + words));
    }
    population.push({ code, accuracy: yield* evaluateOne(code) });
    population.shift();
  }
}

/** The code of the best among the first TOURNAMENT of `order`. */
function bestOf(population: readonly Individual[], order: Uint32Array): Uint32Array {
  let best = population[order[0] ?? 0] as Individual;
  for (let i = 1; i < TOURNAMENT; i++) {
    const candidate = population[order[i] ?? 0] as Individual;
    if (candidate.accuracy > best.accuracy) best = candidate;
  }
  return best.code;
}
