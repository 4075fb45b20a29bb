/**
 * @file What an engine refuses before it computes: batches whose arrays do not fit the network or each other. Every route calls
 * these, so that a wrong batch is one clear error and never a silent broadcast. Dimensions: B batch, N neighbours, T = 1 + N, K ids a token.
 */
import { InvariantError, ShapeError } from '../errors.js';
import type { TokenBatch } from '../mdp/types.js';
import type { LearnerBatch, NetworkSpec } from './types.js';

function checkLength(what: string, length: number, required: number, shape: string): void {
  if (length !== required) throw new ShapeError(`${what} must be ${shape} and hold ${required} values, got ${length}`);
}

/**
 * @throws ShapeError if B is below 1 or an array is not of the network's shape
 * @throws InvariantError if a count is outside 0..N
 */
export function checkTokenBatch(tokens: TokenBatch, spec: NetworkSpec, what = 'tokens'): void {
  const { batch: B, ids, counts } = tokens;
  const { neighbours: N, activeFeatures: K } = spec;
  if (!Number.isInteger(B) || B < 1) throw new ShapeError(`${what}.batch must be an integer of at least 1, got ${B}`);
  checkLength(`${what}.ids`, ids.length, B * (1 + N) * K, `[${B}, ${1 + N}, ${K}]`);
  checkLength(`${what}.counts`, counts.length, B, `[${B}]`);
  for (const count of counts) {
    if (count < 0 || count > N) throw new InvariantError(`${what}.counts must be in 0..${N}, got ${count}`);
  }
}

/**
 * @throws ShapeError as checkTokenBatch, or if the columns' lengths differ from B
 * @throws InvariantError if an action is not among its state's valid neighbours, or a next state without any has a discount other than 0
 */
export function checkLearnerBatch(batch: LearnerBatch, spec: NetworkSpec): void {
  checkTokenBatch(batch.state, spec, 'state');
  checkTokenBatch(batch.next, spec, 'next');
  const B = batch.state.batch;
  if (batch.next.batch !== B) throw new ShapeError(`next.batch must be ${B} as state.batch is, got ${batch.next.batch}`);
  for (const key of ['actions', 'nStepReturns', 'discounts', 'importanceWeights'] as const) checkLength(key, batch[key].length, B, `[${B}]`);
  for (let b = 0; b < B; b++) {
    const action = batch.actions[b] as number;
    const count = batch.state.counts[b] as number;
    if (action < 0 || action >= count) throw new InvariantError(`actions[${b}] must be below the state's ${count} valid neighbours, got ${action}`);
    const discount = batch.discounts[b] as number;
    if (batch.next.counts[b] === 0 && discount !== 0) {
      throw new InvariantError(`a next state without valid neighbours must have discount 0, got ${discount} in row ${b}`);
    }
  }
}
