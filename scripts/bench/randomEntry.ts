/** @file Made-up transitions for benchmarks. */
import type { TransitionColumns } from '../../shared/mdp/types.js';
import type { Rng } from '../../shared/rng.js';

/** Transitions an entry. */
export const ENTRY = 256;

/** A batch of NAS-Bench-301's size: two code words, actions below 100, priorities over four orders of magnitude. */
export function randomEntry(rng: Rng): TransitionColumns {
  const words = (n: number): Uint32Array => Uint32Array.from({ length: n }, () => rng.uint32());
  const reals = (map: (x: number) => number): Float32Array => Float32Array.from({ length: ENTRY }, () => map(rng.float()));
  return {
    size: ENTRY, codeWords: 2, stateCodes: words(2 * ENTRY), nextCodes: words(2 * ENTRY), stateSeeds: words(ENTRY), nextSeeds: words(ENTRY),
    nStepReturns: reals((x) => 2 * x - 1), discounts: reals(() => 0.729), priorities: reals((x) => 10 ** (4 * x - 3)),
    actions: Uint8Array.from({ length: ENTRY }, () => rng.int(100)),
  };
}
