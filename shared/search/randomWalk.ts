/** @file Random walk: each step goes to a uniformly drawn neighbour; steps back cost nothing. From a cell without neighbours it restarts at random. */
import { visit, type SearchContext, type SearchProcess } from './types.js';

export function* randomWalk({ benchmark, start, rng }: SearchContext): SearchProcess {
  const words = benchmark.space.codeWords;
  const neighbours = new Uint32Array(benchmark.space.maxNeighbours * words);
  let code: Uint32Array = start;
  yield* visit(code);
  for (;;) {
    const count = benchmark.neighbours(code, 0, neighbours);
    const next = new Uint32Array(words);
    if (count === 0) {
      benchmark.randomCode(rng, next, 0);
    } else {
      const pick = rng.int(count) * words;
      next.set(neighbours.subarray(pick, pick + words));
    }
    code = next;
    yield* visit(code);
  }
}
