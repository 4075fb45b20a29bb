/**
 * @file What both optimizers compute, and the state each keeps, for every engine route; states are interchangeable between routes.
 *
 * `adam` (Kingma and Ba 2015, the order of operations of TensorFlow's ApplyAdam), t counting from 1:
 *
 *     m += (1 - b1)(g - m);  v += (1 - b2)(g^2 - v);  w -= rate sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon)
 *
 * `rmsprop-centred` (Graves 2013; Ape-X's decay and epsilon), no momentum, epsilon inside the root:
 *
 *     a += (1 - decay)(g - a);  s += (1 - decay)(g^2 - s);  w -= rate * g / sqrt(max(s - a^2, 0) + epsilon)
 *
 * The maximum is ours: rounding in f32 can take s - a^2 below -epsilon when a gradient is constant. All slots start at zero.
 * g is the gradient after the clip g * clip / max(|g|, clip), |g| the norm over all parameters together.
 */
import { ShapeError } from '../errors.js';
import { checkNamedArrays, parameterShapes, type ParameterShape } from './parameters.js';
import type { NamedArray, NetworkSpec, OptimizerSpec } from './types.js';

export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
/** Ape-X (arXiv:1803.00933), appendix. */
export const RMSPROP = { decay: 0.95, epsilon: 1.5e-7 } as const;

/** Names of the two slots kept per parameter: first the mean of g, then the mean of its square. */
export const OPTIMIZER_SLOTS = { adam: ['firstMoment', 'secondMoment'], 'rmsprop-centred': ['meanGradient', 'meanSquare'] } as const;

type Kind = OptimizerSpec['kind'];
type Shape = Pick<ParameterShape, 'name' | 'shape' | 'size'>;

const STEP_NAME = 'optimizer.step';
/** The step counter is two f32 digits to this base, so that it is exact to 2^44. */
const STEP_BASE = 2 ** 20;

/** Arrays of an optimizer's state in order: the step counter [2], then `optimizer.<slot>.<parameter>` for the first slot, then for the second. */
export function optimizerStateShapes(kind: Kind, spec: NetworkSpec): readonly Shape[] {
  const parameters = parameterShapes(spec);
  const slots = OPTIMIZER_SLOTS[kind].flatMap((slot) => parameters.map(({ name, shape, size }) => ({ name: `optimizer.${slot}.${name}`, shape, size })));
  return [{ name: STEP_NAME, shape: [2], size: 2 }, ...slots];
}

/** The number of updates made, as the named array that `decodeStepCount` reads back. @param steps 0..2^44 - 1 */
export function encodeStepCount(steps: number): NamedArray {
  return { name: STEP_NAME, shape: [2], values: Float32Array.of(steps % STEP_BASE, Math.floor(steps / STEP_BASE)) };
}

/** @throws ShapeError if the digits are no step count */
export function decodeStepCount({ values }: NamedArray): number {
  const [low = Number.NaN, high = Number.NaN] = values;
  const ok = [low, high].every((digit) => Number.isInteger(digit) && digit >= 0) && low < STEP_BASE;
  if (!ok) throw new ShapeError(`optimizer.step must be two whole digits to base 1,048,576, got [${[...values].join(', ')}]`);
  return high * STEP_BASE + low;
}

/** @throws ShapeError if `state` is not the state of a `kind` optimizer of this network */
export function checkOptimizerState(state: readonly NamedArray[], kind: Kind, spec: NetworkSpec): void {
  checkNamedArrays(state, optimizerStateShapes(kind, spec), 'optimizer state');
}

/** The learning rate of update t >= 1: constant, or falling linearly to decay.finalShare of the first at update decay.steps. */
export function learningRateAt({ learningRate, decay }: Pick<OptimizerSpec, 'learningRate' | 'decay'>, t: number): number {
  if (decay === undefined || decay.steps <= 1) return learningRate;
  const done = Math.min(1, (t - 1) / (decay.steps - 1));
  return learningRate * (1 - done * (1 - decay.finalShare));
}

/** Adam's step size at update t >= 1: rate sqrt(1 - b2^t) / (1 - b1^t). */
export function adamStepSize(learningRate: number, t: number): number {
  return (learningRate * Math.sqrt(1 - ADAM.beta2 ** t)) / (1 - ADAM.beta1 ** t);
}
