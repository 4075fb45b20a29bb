/** @file The optimizers of optimizer.ts by tfjs operations, over one flat vector of all parameters. Dimension: P parameters in all. */
import type { Tensorflow } from '../engine/tensorflow.js';
import type { NamedArray, NetworkSpec, OptimizerSpec } from './types.js';
import { flatten, totalSize, unflatten } from './flatArrays.js';
import { ADAM, RMSPROP, adamStepSize, checkOptimizerState, decodeStepCount, encodeStepCount, learningRateAt, optimizerStateShapes } from './optimizer.js';
import type { Tensor1D } from './tfjsNetwork.js';

/** New tensors f32 [P] of one update, for the optimizer to keep. */
type Update = (weights: Tensor1D, gradient: Tensor1D) => [weights: Tensor1D, first: Tensor1D, second: Tensor1D];

/** Owns two tensors, the slots (a mean of the gradient and a mean of its square). */
export class TfjsOptimizer {
  readonly #tf: Tensorflow;
  readonly #network: NetworkSpec;
  readonly #spec: OptimizerSpec;
  #first: Tensor1D;
  #second: Tensor1D;
  #steps = 0;

  constructor(tf: Tensorflow, network: NetworkSpec, spec: OptimizerSpec) {
    this.#tf = tf;
    this.#network = network;
    this.#spec = spec;
    const size = (totalSize(optimizerStateShapes(spec.kind, network)) - 2) / 2;
    this.#first = tf.zeros([size]);
    this.#second = tf.zeros([size]);
  }

  /**
   * One update of `weights` along `gradient`, both f32 [P] and left alive. `gradientNorm`: global norm of `gradient`, for the clip.
   * @returns the new weights f32 [P], owned by the caller
   */
  apply(weights: Tensor1D, gradient: Tensor1D, gradientNorm: number): Tensor1D {
    const tf = this.#tf;
    const scale = this.#spec.gradientClipNorm / Math.max(gradientNorm, this.#spec.gradientClipNorm);
    this.#steps += 1;
    const update = this.#spec.kind === 'adam' ? this.#adam : this.#rmsprop;
    const [next, first, second] = tf.tidy(() => update(weights, scale === 1 ? gradient : tf.mul(gradient, scale)));
    tf.dispose([this.#first, this.#second]);
    this.#first = first;
    this.#second = second;
    return next;
  }

  readonly #adam: Update = (weights, g) => {
    const tf = this.#tf;
    const first: Tensor1D = tf.add(this.#first, tf.mul(tf.sub(g, this.#first), 1 - ADAM.beta1));
    const second: Tensor1D = tf.add(this.#second, tf.mul(tf.sub(tf.square(g), this.#second), 1 - ADAM.beta2));
    const change = tf.div(tf.mul(first, adamStepSize(learningRateAt(this.#spec, this.#steps), this.#steps)), tf.add(tf.sqrt(second), ADAM.epsilon));
    return [tf.sub(weights, change), first, second];
  };

  readonly #rmsprop: Update = (weights, g) => {
    const tf = this.#tf;
    const first: Tensor1D = tf.add(this.#first, tf.mul(tf.sub(g, this.#first), 1 - RMSPROP.decay));
    const second: Tensor1D = tf.add(this.#second, tf.mul(tf.sub(tf.square(g), this.#second), 1 - RMSPROP.decay));
    const variance = tf.relu(tf.sub(second, tf.square(first)));
    const change = tf.mul(tf.mul(g, learningRateAt(this.#spec, this.#steps)), tf.rsqrt(tf.add(variance, RMSPROP.epsilon)));
    return [tf.sub(weights, change), first, second];
  };

  state(): readonly NamedArray[] {
    const shapes = optimizerStateShapes(this.#spec.kind, this.#network).slice(1);
    const parameters = shapes.length / 2;
    return [
      encodeStepCount(this.#steps),
      ...unflatten(this.#first.dataSync<'float32'>(), shapes.slice(0, parameters)),
      ...unflatten(this.#second.dataSync<'float32'>(), shapes.slice(parameters)),
    ];
  }

  /** @throws ShapeError if `state` is not what `state()` of such an optimizer gives; then nothing is changed */
  setState(state: readonly NamedArray[]): void {
    checkOptimizerState(state, this.#spec.kind, this.#network);
    const [step, ...slots] = state as [NamedArray, ...NamedArray[]];
    this.#steps = decodeStepCount(step);
    this.dispose();
    this.#first = this.#tf.tensor1d(flatten(slots.slice(0, slots.length / 2)), 'float32');
    this.#second = this.#tf.tensor1d(flatten(slots.slice(slots.length / 2)), 'float32');
  }

  dispose(): void {
    this.#tf.dispose([this.#first, this.#second]);
  }
}
