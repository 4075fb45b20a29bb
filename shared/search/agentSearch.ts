/**
 * @file Search with a trained agent: from the current architecture go to the presented neighbour of highest Q not asked for before in
 * this search, whatever its accuracy turns out to be. The walk reads no accuracy, so its queries may all run at once. Ours where the paper is
 * silent: when every presented neighbour has been asked for, another sample is presented (while the space has more than N),
 * at most MOST_REDRAWS times, then the search restarts at a random architecture.
 */
import { visit, type SearchContext, type SearchProcess, type SearchReply, type SearchRequest } from './types.js';

/** Samples presented anew at one architecture before the search restarts elsewhere. */
export const MOST_REDRAWS = 4;

export function* agentSearch(context: SearchContext): SearchProcess {
  let code: Uint32Array = context.start;
  for (;;) {
    yield* visit(code);
    const next = yield* bestNew(context, code);
    if (next === null) {
      code = new Uint32Array(context.benchmark.space.codeWords);
      context.benchmark.randomCode(context.rng, code, 0);
    } else {
      code = next;
    }
  }
}

/** The presented neighbour of `code` with the highest Q among those not asked for before; null where there is none. */
function* bestNew(context: SearchContext, code: Uint32Array): Generator<SearchRequest, Uint32Array | null, SearchReply> {
  const { budget, rng, presentedNeighbours } = context;
  const words = context.benchmark.space.codeWords;
  for (let draw = 0; draw <= MOST_REDRAWS; draw++) {
    const { presented, values, count } = yield { kind: 'q', code, seed: rng.uint32() };
    let best = -1;
    for (let i = 0; i < count; i++) {
      if (budget.has(presented, i * words)) continue;
      if (best < 0 || (values[i] ?? -Infinity) > (values[best] ?? -Infinity)) best = i;
    }
    if (best >= 0) return presented.slice(best * words, (best + 1) * words);
    if (count < presentedNeighbours || context.benchmark.space.maxNeighbours <= presentedNeighbours) return null;
  }
  return null;
}
