/**
 * @file The double-Q learner step by composed tfjs operations: the reference that the compiled graph is held to. The loss is the one
 * of loss.ts, the update that of optimizer.ts. Dimensions: B batch, N neighbours, P parameters in all.
 */
import { loadTensorflow, type Tensorflow } from '../engine/tensorflow.js';
import { EngineError } from '../errors.js';
import type { TokenBatch } from '../mdp/types.js';
import { checkLearnerBatch } from './batchChecks.js';
import { DEFAULT_HUBER_DELTA, type LearnerOptions } from './engineOptions.js';
import { unflatten } from './flatArrays.js';
import { initialWeights, parameterShapes } from './parameters.js';
import { inferQ, uploadWeights } from './tfjsInference.js';
import { disposeWeights, networkInput, qValues, splitWeights, type Tensor, type Tensor1D, type Tensor2D, type TfjsWeights } from './tfjsNetwork.js';
import { TfjsOptimizer } from './tfjsOptimizer.js';
import type { LearnerBatch, LearnerEngine, LearnerStepResult, NamedArray, NetworkSpec, WeightSnapshot } from './types.js';

/** Subtracted from the values of masked slots before the arg max. */
const MASKED_VALUE = 1e30;

/** What one pass with gradients gives. All owned by the caller. */
type Pass = Record<'loss' | 'gradientNorm' | 'meanQ', Tensor> & Record<'gradient' | 'tdErrors', Tensor1D>;

/** Owns the online and the target weights and the optimizer. */
export class TfjsLearner implements LearnerEngine {
  readonly spec: NetworkSpec;
  readonly #tf: Tensorflow;
  readonly #huberDelta: number;
  readonly #optimizer: TfjsOptimizer;
  #online: TfjsWeights;
  #target: TfjsWeights;

  constructor(tf: Tensorflow, options: LearnerOptions) {
    this.spec = options.spec;
    this.#tf = tf;
    this.#huberDelta = options.huberDelta ?? DEFAULT_HUBER_DELTA;
    this.#optimizer = new TfjsOptimizer(tf, options.spec, options.optimizer);
    this.#online = uploadWeights(tf, options.spec, initialWeights(options.spec, options.seed));
    this.#target = splitWeights(tf, options.spec, tf.clone(this.#online.flat));
  }

  async q(tokens: TokenBatch): Promise<Float32Array> {
    return inferQ(this.#tf, this.spec, this.#online, tokens);
  }

  /**
   * @throws ShapeError or InvariantError on a batch that does not fit the network (checkLearnerBatch)
   * @throws EngineError if the gradient is not finite; weights and optimizer are then as they were
   */
  async step(batch: LearnerBatch): Promise<LearnerStepResult> {
    checkLearnerBatch(batch, this.spec);
    const tf = this.#tf;
    const pass = tf.tidy(() => this.#pass(batch, this.#targets(batch)));
    const [gradientNorm, loss, meanQ] = [pass.gradientNorm, pass.loss, pass.meanQ].map((scalar) => scalar.dataSync()[0] as number) as [number, number, number];
    const tdErrors = pass.tdErrors.dataSync<'float32'>();
    const finite = Number.isFinite(gradientNorm);
    if (finite) this.#setOnline(splitWeights(tf, this.spec, this.#optimizer.apply(this.#online.flat, pass.gradient, gradientNorm)));
    tf.dispose(pass);
    if (!finite) throw new EngineError(`the gradient must be finite, its norm is ${gradientNorm} at loss ${loss}; lower learner.learningRate or look for a bad return`);
    return { tdErrors, loss, gradientNorm, meanQ };
  }

  /** R + d Q-(s', a*), f32 [B]. */
  #targets({ next, nStepReturns, discounts }: LearnerBatch): Tensor1D {
    const tf = this.#tf;
    return tf.tidy(() => {
      const input = networkInput(tf, this.spec, next);
      const qNext = qValues(tf, this.spec, this.#online, input);
      const qNextTarget = qValues(tf, this.spec, this.#target, input);
      const masked: Tensor2D = tf.sub(qNext, tf.mul(tf.sub(1, input.valid), MASKED_VALUE));
      const chosen = tf.oneHot(tf.argMax(masked, 1).as1D(), this.spec.neighbours, 1, 0, 'float32');
      const bootstrap: Tensor1D = tf.sum(tf.mul(qNextTarget, chosen), 1);
      return tf.add(tf.tensor1d(nStepReturns), tf.mul(tf.tensor1d(discounts), bootstrap));
    });
  }

  /** The loss and its gradient by the online weights. @param targets f32 [B] */
  #pass({ state, actions, importanceWeights }: LearnerBatch, targets: Tensor1D): Pass {
    const tf = this.#tf;
    const input = networkInput(tf, this.spec, state);
    const taken = tf.oneHot(tf.tensor1d(actions, 'int32'), this.spec.neighbours, 1, 0, 'float32');
    const weights = tf.tensor1d(importanceWeights);
    const kept: { tdErrors?: Tensor1D; meanQ?: Tensor } = {};
    const lossOf = (): Tensor => {
      const qTaken = tf.sum(tf.mul(qValues(tf, this.spec, this.#online, input), taken), 1);
      const tdErrors: Tensor1D = tf.sub(targets, qTaken);
      kept.tdErrors = tf.keep(tdErrors.clone());
      kept.meanQ = tf.keep(tf.mean(qTaken));
      return tf.mean(tf.mul(weights, this.#huber(tdErrors)));
    };
    const { value: loss, grads } = tf.valueAndGrads(lossOf)(Object.values(this.#online.pieces));
    const { tdErrors, meanQ } = kept as Required<typeof kept>;
    const gradient: Tensor1D = tf.concat(grads.map((grad) => tf.reshape(grad, [-1])));
    return { gradient, gradientNorm: tf.sqrt(tf.sum(tf.square(gradient))), loss, tdErrors, meanQ };
  }

  /** huber of loss.ts, elementwise: with c = min(|x|, delta) it is c (|x| - c / 2). */
  #huber(x: Tensor): Tensor {
    const tf = this.#tf;
    const size = tf.abs(x);
    const clipped = tf.minimum(size, this.#huberDelta);
    return tf.mul(clipped, tf.sub(size, tf.mul(clipped, 0.5)));
  }

  #setOnline(weights: TfjsWeights): void {
    disposeWeights(this.#online);
    this.#online = weights;
  }

  #setTarget(weights: TfjsWeights): void {
    disposeWeights(this.#target);
    this.#target = weights;
  }

  copyTarget(): void {
    this.#setTarget(splitWeights(this.#tf, this.spec, this.#tf.clone(this.#online.flat)));
  }

  setWeights(weights: WeightSnapshot): void {
    this.#setOnline(uploadWeights(this.#tf, this.spec, weights));
  }

  setTargetWeights(weights: WeightSnapshot): void {
    this.#setTarget(uploadWeights(this.#tf, this.spec, weights));
  }

  onlineWeights(): WeightSnapshot {
    return unflatten(this.#online.flat.dataSync<'float32'>(), parameterShapes(this.spec));
  }

  targetWeights(): WeightSnapshot {
    return unflatten(this.#target.flat.dataSync<'float32'>(), parameterShapes(this.spec));
  }

  optimizerState(): readonly NamedArray[] {
    return this.#optimizer.state();
  }

  setOptimizerState(state: readonly NamedArray[]): void {
    this.#optimizer.setState(state);
  }

  dispose(): void {
    disposeWeights(this.#online);
    disposeWeights(this.#target);
    this.#optimizer.dispose();
  }
}

/** @throws EngineError if the engine cannot be loaded as asked */
export async function createTfjsLearner(options: LearnerOptions): Promise<LearnerEngine> {
  const { threads, device, precision } = options;
  return new TfjsLearner(await loadTensorflow({ threads, device, bf16: precision === 'bf16' }), options);
}
