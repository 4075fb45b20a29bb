/** @file The greedy choice among the valid neighbours of one state. */
import { InvariantError } from '../errors.js';

/** Index, from 0, of the first of the highest of q[from..from+count-1]. @throws InvariantError if that one is not finite, or count is 0 */
export function greedyAction(q: Float32Array, from: number, count: number): number {
  let best = -1;
  let value = -Infinity;
  for (let i = 0; i < count; i++) {
    const candidate = q[from + i] as number;
    if (candidate > value) {
      value = candidate;
      best = i;
    }
  }
  if (!Number.isFinite(value)) throw new InvariantError(`a state must have finite Q-values, got ${q.slice(from, from + count).join(', ')}`);
  return best;
}
