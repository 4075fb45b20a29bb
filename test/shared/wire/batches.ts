/** @file Seeded batches of transitions for tests of the wire, the stream and checkpoints. */
import type { TransitionColumns } from '../../../shared/mdp/types.js';
import { Rng } from '../../../shared/rng.js';

/** Random but valid transitions: actions below 100, discounts in [0, 1], priorities >= 0. */
export function randomTransitions(size: number, seed: number, codeWords: 1 | 2 = 2): TransitionColumns {
  const rng = new Rng(seed);
  const words = (n: number): Uint32Array => Uint32Array.from({ length: n }, () => rng.uint32());
  const reals = (map: (x: number) => number): Float32Array => Float32Array.from({ length: size }, () => map(rng.float()));
  return {
    size,
    codeWords,
    stateCodes: words(size * codeWords),
    nextCodes: words(size * codeWords),
    stateSeeds: words(size),
    nextSeeds: words(size),
    nStepReturns: reals((x) => 4 * x - 2),
    discounts: reals((x) => x),
    priorities: reals((x) => 2 * x),
    actions: Uint8Array.from({ length: size }, () => rng.int(100)),
  };
}
