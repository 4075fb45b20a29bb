/** @file One stage of the surrogate's training: Adam on the weighted squared error, the learning rate falling to zero along a cosine. */
import type { Tensorflow } from '../../shared/engine/tensorflow.js';
import type { Rng } from '../../shared/rng.js';
import { rowsPerGenotype } from '../../shared/benchmarks/nasbench301/embedded.js';
import type { CellSet } from './cellSet.js';
import { nodeRows, targetMean, targetScale, type Student } from './student.js';
import type { Scalar } from '@tensorflow/tfjs-node-gpu';

export interface StageOptions {
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  /** Weight of a cell with this accuracy in percent. */
  readonly weightOf: (accuracy: number) => number;
  readonly onProgress: (line: string) => void;
}

/** tfjs keeps the rate to itself; it reads it at every step. */
function setLearningRate(optimizer: object, rate: number): void {
  (optimizer as { learningRate: number }).learningRate = rate;
}

/** The indices 0..size-1 in a fresh random order each time they have all been drawn. */
class EpochSampler {
  readonly #order: Uint32Array;
  readonly #rng: Rng;
  #at: number;

  constructor(size: number, rng: Rng) {
    this.#order = Uint32Array.from({ length: size }, (_, i) => i);
    this.#rng = rng;
    this.#at = size;
  }

  next(): number {
    if (this.#at === this.#order.length) {
      for (let i = this.#order.length - 1; i > 0; i--) {
        const j = this.#rng.int(i + 1);
        const kept = this.#order[i] as number;
        this.#order[i] = this.#order[j] as number;
        this.#order[j] = kept;
      }
      this.#at = 0;
    }
    return this.#order[this.#at++] as number;
  }
}

/** Trains `student` on `cells` in place. @returns the root of the mean squared error over the last tenth of the steps, in percent */
export function trainStage(tf: Tensorflow, student: Student, cells: CellSet, rng: Rng, options: StageOptions): number {
  const { steps, batch } = options;
  const rows = nodeRows(cells.codes, student.firstRow);
  const sampler = new EpochSampler(cells.size, rng);
  const optimizer = tf.train.adam(options.learningRate);
  const ids = Array.from({ length: rowsPerGenotype }, () => new Int32Array(batch));
  const targets = new Float32Array(batch);
  const weights = new Float32Array(batch);
  let recent = 0;
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < batch; i++) {
      const cell = sampler.next();
      const label = cells.labels[cell] as number;
      targets[i] = (label - targetMean) / targetScale;
      weights[i] = options.weightOf(label);
      for (let node = 0; node < rowsPerGenotype; node++) (ids[node] as Int32Array)[i] = (rows[node] as Int32Array)[cell] as number;
    }
    setLearningRate(optimizer, options.learningRate * 0.5 * (1 + Math.cos((Math.PI * step) / steps)));
    const loss = tf.tidy(() => {
      const inputs = ids.map((values) => tf.tensor1d(values, 'int32'));
      const wanted = tf.tensor1d(targets);
      const weight = tf.tensor1d(weights);
      return optimizer.minimize(() => tf.mean(tf.mul(weight, tf.squaredDifference(student.forward(inputs), wanted))), true) as Scalar;
    });
    recent += 0.01 * ((loss.dataSync()[0] as number) - recent);
    loss.dispose();
    if (step % 200 === 199) options.onProgress(`step ${step + 1} of ${steps}: weighted error ${(targetScale * Math.sqrt(recent)).toFixed(4)} points`);
  }
  optimizer.dispose();
  return targetScale * Math.sqrt(recent);
}
