/** @file Random search: architectures drawn independently by the benchmark's own sampler; repeats are free and not counted. */
import { visit, type SearchContext, type SearchProcess } from './types.js';

export function* randomSearch({ benchmark, start, rng }: SearchContext): SearchProcess {
  yield* visit(start);
  for (;;) {
    const code = new Uint32Array(benchmark.space.codeWords);
    benchmark.randomCode(rng, code, 0);
    yield* visit(code);
  }
}
