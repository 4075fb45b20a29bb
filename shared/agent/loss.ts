/**
 * @file The learner's arithmetic from Q-values to the loss, in plain TypeScript: what every engine route must compute, written to
 * be read. The routes' own versions are held to these by the contract tests. Dimensions: B batch, N presented neighbours at most.
 */
import { InvariantError, ShapeError } from '../errors.js';

export interface DoubleQInputs {
  /** [B] Q(s, a), online. */
  readonly qTaken: ArrayLike<number>;
  /** [B, N] online Q(s', .), which chooses a*. */
  readonly qNext: ArrayLike<number>;
  /** [B, N] target Q-(s', .), which values it. */
  readonly qNextTarget: ArrayLike<number>;
  /** [B] valid neighbours of s', 0..N; slots at or past it are padding. */
  readonly nextCounts: ArrayLike<number>;
  /** [B] */
  readonly nStepReturns: ArrayLike<number>;
  /** [B] */
  readonly discounts: ArrayLike<number>;
}

/** The first index of the largest of values[offset .. offset + count), relative to `offset`; -1 if `count` is 0. */
export function argMaxValid(values: ArrayLike<number>, offset: number, count: number): number {
  let best = -1;
  for (let i = 0; i < count; i++) {
    if (best < 0 || (values[offset + i] as number) > (values[offset + best] as number)) best = i;
  }
  return best;
}

/**
 * TD errors of double Q-learning on a batch of n-step transitions:  delta = R + d Q-(s', a*) - Q(s, a),  a* = argmax over valid a' of Q(s', a').
 * The online network chooses, the target network values (van Hasselt et al. 2016, arXiv:1509.06461). `discounts` already hold gamma^k and are
 * 0 only where the episode terminated, so a time limit is bootstrapped through (Pardo et al. 2018, arXiv:1712.00378). |delta| is the new
 * priority (Ape-X, arXiv:1803.00933).
 *
 * @returns [B], in reward units
 * @throws ShapeError if the leading dimensions differ (nothing broadcasts)
 * @throws InvariantError if a row with no valid action has a discount other than 0
 */
export function doubleQTdErrors({ qTaken, qNext, qNextTarget, nextCounts, nStepReturns, discounts }: DoubleQInputs): Float64Array {
  const B = qTaken.length;
  const N = qNext.length / B;
  for (const [name, array] of Object.entries({ nextCounts, nStepReturns, discounts })) {
    if (array.length !== B) throw new ShapeError(`${name} must hold ${B} values as qTaken does, got ${array.length}`);
  }
  if (!Number.isInteger(N) || qNextTarget.length !== qNext.length) {
    throw new ShapeError(`qNext and qNextTarget must both be [${B}, N], got ${qNext.length} and ${qNextTarget.length} values`);
  }
  return Float64Array.from({ length: B }, (_, b) => {
    const chosen = argMaxValid(qNext, b * N, nextCounts[b] as number);
    const discount = discounts[b] as number;
    if (chosen < 0 && discount !== 0) throw new InvariantError(`a next state without valid neighbours must have discount 0, got ${discount} in row ${b}`);
    const bootstrap = chosen < 0 ? 0 : discount * (qNextTarget[b * N + chosen] as number);
    return (nStepReturns[b] as number) + bootstrap - (qTaken[b] as number);
  });
}

/** Huber loss of one error x: x^2 / 2 where |x| <= delta, delta (|x| - delta / 2) beyond (Huber 1964). @param delta > 0 */
export function huber(x: number, delta: number): number {
  const size = Math.abs(x);
  return size <= delta ? 0.5 * x * x : delta * (size - 0.5 * delta);
}

/**
 * The loss: mean over the batch of importanceWeight * huber(tdError).
 * @param tdErrors [B]; importanceWeights [B], in (0, 1]
 * @throws ShapeError if the lengths differ
 */
export function weightedHuberLoss(tdErrors: ArrayLike<number>, importanceWeights: ArrayLike<number>, delta: number): number {
  if (tdErrors.length !== importanceWeights.length) {
    throw new ShapeError(`importanceWeights must hold ${tdErrors.length} values as tdErrors does, got ${importanceWeights.length}`);
  }
  let sum = 0;
  for (let b = 0; b < tdErrors.length; b++) sum += (importanceWeights[b] as number) * huber(tdErrors[b] as number, delta);
  return sum / tdErrors.length;
}

/**
 * Dueling Q-values of one state: Q_i = V + A_i - mean of A over the valid slots (Wang et al. 2016, arXiv:1511.06581, with the mean
 * over what may be chosen only). Slots at or past `count` keep the same formula and mean nothing.
 * @param advantages [N]; count 0..N
 */
export function duelingQ(value: number, advantages: ArrayLike<number>, count: number): Float64Array {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += advantages[i] as number;
  const mean = sum / Math.max(count, 1);
  return Float64Array.from(advantages, (advantage) => value + advantage - mean);
}
