/** @file A uniformly random order (Fisher and Yates). */
import type { Rng } from '../rng.js';

/** Shuffles order[0..count) in place. @param count at most the length */
export function shuffle<T>(order: { [index: number]: T }, count: number, rng: Rng): void {
  for (let i = count - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    const held = order[i] as T;
    order[i] = order[j] as T;
    order[j] = held;
  }
}
