/**
 * @file Local search over the benchmark's whole neighbourhood, in the two variants the field uses (White et al. 2020,
 * arXiv:2005.02960): first improvement moves as soon as a neighbour, looked at in random order, is better; best improvement
 * looks at all of them and moves to the best. Each restarts at a random architecture when no neighbour is better.
 */
import { shuffle } from './shuffle.js';
import { evaluate, evaluateOne, type SearchContext, type SearchProcess, type SearchReply, type SearchRequest } from './types.js';

type Descent = (context: SearchContext, start: Uint32Array) => Generator<SearchRequest, void, SearchReply>;

function* restarting(context: SearchContext, descend: Descent): SearchProcess {
  let start: Uint32Array = context.start;
  for (;;) {
    yield* descend(context, start);
    start = new Uint32Array(context.benchmark.space.codeWords);
    context.benchmark.randomCode(context.rng, start, 0);
  }
}

function* firstImprovement({ benchmark, rng }: SearchContext, start: Uint32Array): Generator<SearchRequest, void, SearchReply> {
  const words = benchmark.space.codeWords;
  const neighbours = new Uint32Array(benchmark.space.maxNeighbours * words);
  const order = new Uint32Array(benchmark.space.maxNeighbours);
  let code = start;
  let accuracy = yield* evaluateOne(code);
  for (let improved = true; improved; ) {
    improved = false;
    const count = benchmark.neighbours(code, 0, neighbours);
    for (let i = 0; i < count; i++) order[i] = i;
    shuffle(order, count, rng);
    for (let i = 0; i < count && !improved; i++) {
      const at = (order[i] ?? 0) * words;
      const next = neighbours.slice(at, at + words);
      const nextAccuracy = yield* evaluateOne(next);
      if (nextAccuracy > accuracy) {
        code = next;
        accuracy = nextAccuracy;
        improved = true;
      }
    }
  }
}

function* bestImprovement({ benchmark, rng }: SearchContext, start: Uint32Array): Generator<SearchRequest, void, SearchReply> {
  const words = benchmark.space.codeWords;
  const neighbours = new Uint32Array(benchmark.space.maxNeighbours * words);
  const order = new Uint32Array(benchmark.space.maxNeighbours);
  let code = start;
  let accuracy = yield* evaluateOne(code);
  for (;;) {
    const count = benchmark.neighbours(code, 0, neighbours);
    for (let i = 0; i < count; i++) order[i] = i;
    shuffle(order, count, rng);
    const codes = new Uint32Array(count * words);
    for (let i = 0; i < count; i++) {
      const at = (order[i] ?? 0) * words;
      codes.set(neighbours.subarray(at, at + words), i * words);
    }
    const accuracies = yield* evaluate(codes, count);
    let best = -1;
    for (let i = 0; i < count; i++) {
      const value = accuracies[i] ?? NaN;
      if (value > accuracy) {
        best = i;
        accuracy = value;
      }
    }
    if (best < 0) return;
    code = codes.slice(best * words, (best + 1) * words);
  }
}

/** Moves to the first better neighbour, in random order. */
export const localSearch = (context: SearchContext): SearchProcess => restarting(context, firstImprovement);

/** Moves to the best neighbour; asks for all of them in random order, so that a budget that ends inside a step favours none. */
export const localSearchBest = (context: SearchContext): SearchProcess => restarting(context, bestImprovement);
