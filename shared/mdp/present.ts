/**
 * @file Which neighbours of an architecture the agent is shown, and in what order. The choice is a function of (architecture,
 * neighbour seed, N) alone, so an actor stores only the seed and the learner rebuilds the same list. The paper presents at
 * most N neighbours and is silent on the rest: a uniform sample without replacement in random order is ours.
 *
 * Dimensions: W words a code, M most neighbours an architecture can have, N neighbours presented at most.
 */
import type { Benchmark } from '../benchmarks/types.js';
import { Rng } from '../rng.js';

/** Buffers of `presentNeighbours`, made once and reused; its contents mean nothing between calls. */
export interface PresentScratch {
  /** uint32 [M, W]. */
  readonly neighbours: Uint32Array;
  readonly rng: Rng;
}

export function presentScratch(benchmark: Benchmark): PresentScratch {
  const { maxNeighbours, codeWords } = benchmark.space;
  return { neighbours: new Uint32Array(maxNeighbours * codeWords), rng: new Rng(0) };
}

const TWO_32 = 4294967296;

/** Uniform in 0..bound-1 without bias: Lemire 2019 (arXiv:1805.10941), a multiplication where Rng.int divides twice. bound <= 2^20. */
function below(rng: Rng, bound: number): number {
  for (;;) {
    const product = rng.uint32() * bound;
    const high = Math.floor(product / TWO_32);
    const low = product - high * TWO_32;
    if (low >= bound || low >= TWO_32 % bound) return high;
  }
}

/**
 * Writes a uniform sample without replacement, in random order, of the architecture's neighbours: the first `limit` steps of a
 * Fisher-Yates shuffle of `benchmark.neighbours`, drawn from a stream that starts at `seed`.
 *
 * @param codes uint32, the architecture's W words at `offset`
 * @param seed  uint32, the transition's neighbour seed
 * @param limit N, at least 1
 * @param out   uint32 [N, W] from `outOffset`; words past the returned count are left as they were
 * @returns how many were written: min(N, number of neighbours), 0 where the architecture has none
 */
export function presentNeighbours(
  benchmark: Benchmark,
  codes: Uint32Array,
  offset: number,
  seed: number,
  limit: number,
  scratch: PresentScratch,
  out: Uint32Array,
  outOffset = 0,
): number {
  const { neighbours, rng } = scratch;
  const total = benchmark.neighbours(codes, offset, neighbours);
  const count = total < limit ? total : limit;
  rng.reseed(seed);
  if (benchmark.space.codeWords === 1) {
    for (let i = 0; i < count; i++) {
      const j = i + below(rng, total - i);
      out[outOffset + i] = neighbours[j] as number;
      neighbours[j] = neighbours[i] as number;
    }
    return count;
  }
  for (let i = 0; i < count; i++) {
    const from = 2 * (i + below(rng, total - i));
    out[outOffset + 2 * i] = neighbours[from] as number;
    out[outOffset + 2 * i + 1] = neighbours[from + 1] as number;
    neighbours[from] = neighbours[2 * i] as number;
    neighbours[from + 1] = neighbours[2 * i + 1] as number;
  }
  return count;
}
