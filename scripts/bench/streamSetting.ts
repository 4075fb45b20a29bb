/** @file What stream.ts and its worker processes agree on. */
import type { TransitionColumns } from '../../shared/mdp/types.js';
import { Rng } from '../../shared/rng.js';

export const CONFIG_HASH = 'benchmark';
/** Transitions a stream entry. */
export const ENTRY = 256;
/** redis.streamTransitions of the measurement: 256 entries. */
export const BOUND = 65_536;
export const READERS_A_PROCESS = 4;

/** A batch of NAS-Bench-301's size: two code words, actions below 100. */
export function randomEntry(seed: number): TransitionColumns {
  const rng = new Rng(seed);
  const words = (n: number): Uint32Array => Uint32Array.from({ length: n }, () => rng.uint32());
  const reals = (map: (x: number) => number): Float32Array => Float32Array.from({ length: ENTRY }, () => map(rng.float()));
  return {
    size: ENTRY, codeWords: 2, stateCodes: words(2 * ENTRY), nextCodes: words(2 * ENTRY), stateSeeds: words(ENTRY), nextSeeds: words(ENTRY),
    nStepReturns: reals((x) => 2 * x - 1), discounts: reals(() => 0.729), priorities: reals((x) => 10 ** (4 * x - 3)),
    actions: Uint8Array.from({ length: ENTRY }, () => rng.int(100)),
  };
}
