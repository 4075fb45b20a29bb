/**
 * @file The embedded surrogate as a trainable tfjs network. A node's table is S A + R: S says which edges with their operations and
 * which input pair a row stands for, A has a row for each of those (so rows that share an edge learn together), R, zero at
 * first, is what the joint choice adds. Only the sum is kept.
 */
import type { Tensorflow } from '../../shared/engine/tensorflow.js';
import { inputPairs, nodeCount, operationCount } from '../../shared/benchmarks/nasbench301/cellCode.js';
import { rowsPerGenotype, surrogateRows } from '../../shared/benchmarks/nasbench301/embedded.js';
import type { SurrogateWeights } from '../../shared/benchmarks/nasbench301/surrogateFile.js';
import type { Rng } from '../../shared/rng.js';
import type { Tensor, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-node-gpu';

/** H1, H2, H3 of the committed surrogate. */
export const surrogateSizes: readonly [number, number, number] = [256, 128, 32];
/** Percent: standardises the targets. */
export const targetMean = 94;
export const targetScale = 1;

/** S of node n: f32 [rows, features], three ones a row. */
function structure(node: number): { readonly values: Float32Array; readonly rows: number; readonly features: number } {
  const pairs = inputPairs[node] as (typeof inputPairs)[number];
  const edges = (node + 2) * operationCount;
  const features = edges + pairs.length;
  const rows = pairs.length * operationCount * operationCount;
  const values = new Float32Array(rows * features);
  for (let row = 0; row < rows; row++) {
    const pair = Math.trunc(row / 49);
    const [low, high] = pairs[pair] as readonly [number, number];
    for (const feature of [low * 7 + (Math.trunc(row / 7) % 7), high * 7 + (row % 7), edges + pair]) values[row * features + feature] = 1;
  }
  return { values, rows, features };
}

/** Table rows of `codes` [count, 2], one column a node and relative to the node's first row: 8 int32 [count]. */
export function nodeRows(codes: Uint32Array, firstRow: readonly number[]): Int32Array[] {
  const count = codes.length / 2;
  const columns = Array.from({ length: rowsPerGenotype }, () => new Int32Array(count));
  const rows = new Int32Array(rowsPerGenotype);
  for (let i = 0; i < count; i++) {
    surrogateRows(codes, 2 * i, rows, 0);
    columns.forEach((column, node) => {
      column[i] = (rows[node] as number) - (firstRow[node] as number);
    });
  }
  return columns;
}

export class Student {
  readonly #tf: Tensorflow;
  readonly #structures: Tensor2D[];
  readonly #shared: Variable[];
  readonly #joint: Variable[];
  readonly #bias1: Variable;
  readonly #weights2: Variable;
  readonly #bias2: Variable;
  readonly #weights3: Variable;
  readonly #bias3: Variable;
  readonly #head: Variable;
  readonly #headBias: Variable;
  /** First table row of each of the 8 nodes. */
  readonly firstRow: readonly number[];

  constructor(tf: Tensorflow, rng: Rng, sizes: readonly [number, number, number] = surrogateSizes) {
    this.#tf = tf;
    const [h1, h2, h3] = sizes;
    const variable = (initial: Tensor): Variable => {
      const made = tf.variable(initial);
      initial.dispose();
      return made;
    };
    const random = (rows: number, columns: number, deviation: number): Variable =>
      variable(tf.tensor2d(Float32Array.from({ length: rows * columns }, () => deviation * rng.normal()), [rows, columns]));
    const zeros = (shape: [number] | [number, number]): Variable => variable(tf.zeros(shape));
    const nodes = Array.from({ length: rowsPerGenotype }, (_, i) => structure(i % nodeCount));
    this.firstRow = nodes.map((_, i) => nodes.slice(0, i).reduce((sum, { rows }) => sum + rows, 0));
    this.#structures = nodes.map(({ values, rows, features }) => tf.tensor2d(values, [rows, features]));
    this.#shared = nodes.map(({ features }) => random(features, h1, 1 / Math.sqrt(22)));
    this.#joint = nodes.map(({ rows }) => zeros([rows, h1]));
    this.#bias1 = zeros([h1]);
    this.#weights2 = random(h1, h2, 1 / Math.sqrt(h1));
    this.#bias2 = zeros([h2]);
    this.#weights3 = random(h2, h3, 1 / Math.sqrt(h2));
    this.#bias3 = zeros([h3]);
    this.#head = random(h3, 1, 1 / Math.sqrt(h3));
    this.#headBias = zeros([1]);
  }

  #tables(): Tensor2D[] {
    return this.#structures.map((structure, i) => this.#tf.add(this.#tf.matMul(structure, this.#shared[i] as Tensor2D), this.#joint[i] as Tensor));
  }

  /** Standardised accuracies [B] of cells given by their 8 relative rows, int32 [B] each. */
  forward(rows: readonly Tensor1D[]): Tensor1D {
    const tf = this.#tf;
    const tables = this.#tables();
    const sum = tf.addN(rows.map((ids, i) => tf.gather(tables[i] as Tensor2D, ids)));
    const x1 = tf.elu(tf.add(sum, this.#bias1));
    const x2 = tf.elu(tf.add(tf.matMul(x1 as Tensor2D, this.#weights2 as Tensor2D), this.#bias2));
    const x3 = tf.elu(tf.add(tf.matMul(x2 as Tensor2D, this.#weights3 as Tensor2D), this.#bias3));
    return tf.add(tf.matMul(x3 as Tensor2D, this.#head as Tensor2D), this.#headBias).flatten();
  }

  /** What `EmbeddedSurrogate` runs, as of now. */
  weights(): SurrogateWeights {
    const tf = this.#tf;
    const read = (make: () => Tensor): Float32Array => {
      const tensor = tf.tidy(make);
      const values = tensor.dataSync() as Float32Array;
      tensor.dispose();
      return values;
    };
    return {
      mean: targetMean,
      scale: targetScale,
      table: read(() => tf.concat(this.#tables(), 0)),
      bias1: read(() => this.#bias1.clone()),
      weights2: read(() => tf.transpose(this.#weights2)),
      bias2: read(() => this.#bias2.clone()),
      weights3: read(() => tf.transpose(this.#weights3)),
      bias3: read(() => this.#bias3.clone()),
      head: read(() => this.#head.flatten()),
      headBias: read(() => this.#headBias.clone()),
    };
  }
}
