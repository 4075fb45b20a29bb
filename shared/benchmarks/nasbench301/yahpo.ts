/**
 * @file Backend `yahpo`: YAHPO Gym's surrogate of NAS-Bench-301 (Pfisterer et al. 2022, arXiv:2109.03670), its ONNX file's weights
 * run in batches. Embeddings of the 34 categories and the epoch feed three branches that share the first product:
 *
 *   z = wide(e) + deep(e) + deeper(e),  prediction = 100 sigmoid(z)  percent of validation accuracy
 *   deep: 512 selu, 512 selu, 1;  deeper: 256, 256, 128, 128 (all selu), 1
 *
 * Each embedding times its columns of a first layer is a table row, so the first layers are sums of 34 rows. Against
 * NAS-Bench-301's own values the prediction at epoch 98 is biased; 0.97494 * prediction + 1.0614 removes the bias.
 */
import { join } from 'node:path';
import { requireFile } from '../dataFile.js';
import { toYahpoVector, vectorLength } from './configuration.js';
import { Kernel, type DenseLayer, type RowTable } from './kernel.js';
import { OnnxWeights } from './onnxWeights.js';
import type { Nasbench301Backend } from './benchmark.js';

/** [categories, width] of each embedding: 28 edges, then the inputs of nodes 3, 4, 5 of both cells. */
const embeddings: readonly (readonly [number, number])[] = [
  ...Array.from({ length: 28 }, () => [8, 10] as const),
  ...[0, 1].flatMap(() => [[4, 6] as const, [7, 10] as const, [11, 12] as const]),
];
const embeddedWidth = embeddings.reduce((sum, [, width]) => sum + width, 0);
const inputWidth = embeddedWidth + 1;
const categoryCount = embeddings.reduce((sum, [categories]) => sum + categories, 0);
/** uint16 [34]: row of each feature's category 0 in the tables. */
const firstRow = Uint16Array.from(embeddings, (_, i) => embeddings.slice(0, i).reduce((sum, [categories]) => sum + categories, 0));
/** The model divides the epoch by 52. */
const epochScale = Math.fround(1 / 52);

/** Cells in one pass through the memory. */
const batchRows = 256;
const trainedEpoch = 98;

/** Calibration on NAS-Bench-301's published values, percent to percent. */
export function calibrate(prediction: number): number {
  return 0.97494 * prediction + 1.0614;
}

const seluScale = 1.0507009873554805;
const seluAlpha = seluScale * 1.6732632423543772;

function selu(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    values[i] = value > 0 ? seluScale * value : seluAlpha * (Math.exp(value) - 1);
  }
}

/** A first layer as a table of [categories of all features, width] rows: each embedding times its columns of `weights` f32 [width, inputs]. */
function foldedRows(onnx: OnnxWeights, weights: Float32Array, outputs: number, width: number): Float32Array {
  const rows = new Float32Array(categoryCount * width);
  let column = 0;
  embeddings.forEach(([categories, size], feature) => {
    const embedding = onnx.tensor(`embds_fct.${feature}.weight`, [categories, size]);
    for (let category = 0; category < categories; category++) {
      const row = ((firstRow[feature] as number) + category) * width;
      for (let output = 0; output < outputs; output++) {
        let sum = 0;
        for (let i = 0; i < size; i++) sum += (embedding[category * size + i] as number) * (weights[output * inputWidth + column + i] as number);
        rows[row + output] = sum;
      }
    }
    column += size;
  });
  return rows;
}

/** One of the three branches up to its single output; `width` of the first layer, then the hidden layers. */
class Branch {
  readonly #kernel: Kernel;
  readonly #table: RowTable;
  readonly #layers: readonly DenseLayer[];
  readonly #activations: readonly number[];
  readonly #bias: Float32Array;
  readonly #epochColumn: Float32Array;
  readonly #head: Float32Array;
  readonly #headBias: number;

  /** @param sizes outputs of the branch's selu layers; [] for `wide`, whose first product is already its output */
  constructor(kernel: Kernel, onnx: OnnxWeights, name: string, sizes: readonly number[]) {
    this.#kernel = kernel;
    const first = sizes[0] ?? 2;
    const width = Math.max(16, first);
    const part = sizes.length === 0 ? `${name}.0` : `${name}.0.1`;
    const weights = onnx.tensor(`${part}.weight`, [first, inputWidth]);
    this.#bias = new Float32Array(width);
    this.#bias.set(onnx.tensor(`${part}.bias`, [first]));
    this.#epochColumn = Float32Array.from({ length: width }, (_, output) => (output < first ? (weights[output * inputWidth + embeddedWidth] as number) : 0));
    this.#table = kernel.table(foldedRows(onnx, weights, first, width), this.#bias);
    this.#layers = sizes.slice(1).map((size, i) =>
      kernel.layer(onnx.tensor(`${name}.${i + 1}.1.weight`, [size, sizes[i] as number]), onnx.tensor(`${name}.${i + 1}.1.bias`, [size])),
    );
    this.#activations = [width, ...sizes.slice(1)].map((size) => kernel.allocate(batchRows * size));
    const last = sizes.at(-1);
    this.#head = last === undefined ? Float32Array.of(1) : onnx.tensor(`${name}.${sizes.length}.0.weight`, [2, last]).slice(0, last);
    this.#headBias = last === undefined ? 0 : (onnx.tensor(`${name}.${sizes.length}.0.bias`, [2])[0] as number);
  }

  get width(): number {
    return this.#table.width;
  }

  /** Byte offset of the table's first row. */
  get rows(): number {
    return this.#table.rows;
  }

  /** Adds the branch's output of `count` cells to `logits`. @param ids offset of i32 [count, 34], rows of this branch's table */
  addTo(logits: Float64Array, ids: number, count: number, epoch: number): void {
    const bias = this.#kernel.floats(this.#table.bias, this.width);
    for (let i = 0; i < bias.length; i++) bias[i] = (this.#bias[i] as number) + epoch * epochScale * (this.#epochColumn[i] as number);
    let x = this.#activations[0] as number;
    this.#kernel.gather(this.#table, ids, x, count, vectorLength);
    let width = this.width;
    if (this.#head.length > 1) selu(this.#kernel.floats(x, count * width));
    this.#layers.forEach((layer, i) => {
      const y = this.#activations[i + 1] as number;
      this.#kernel.apply(layer, x, y, count);
      selu(this.#kernel.floats(y, count * layer.outputs));
      x = y;
      width = layer.outputs;
    });
    const values = this.#kernel.floats(x, count * width);
    for (let row = 0; row < count; row++) {
      let sum = this.#headBias;
      for (let i = 0; i < this.#head.length; i++) sum += (this.#head[i] as number) * (values[row * width + i] as number);
      logits[row] = (logits[row] as number) + sum;
    }
  }
}

export class YahpoSurrogate implements Nasbench301Backend {
  readonly name = 'yahpo';
  readonly provenance = 'YAHPO Gym surrogate v1 of NAS-Bench-301, validation accuracy at epoch 98, calibrated by 0.97494 * prediction + 1.0614';
  readonly #kernel = new Kernel();
  readonly #branches: readonly Branch[];
  readonly #ids: number;
  readonly #vectors = new Int32Array(batchRows * vectorLength);
  readonly #logits = new Float64Array(batchRows);

  /** @throws DatasetError if `onnx` lacks one of the surrogate's tensors */
  constructor(onnx: OnnxWeights) {
    this.#branches = [
      new Branch(this.#kernel, onnx, 'wide', []),
      new Branch(this.#kernel, onnx, 'deep', [512, 512]),
      new Branch(this.#kernel, onnx, 'deeper', [256, 256, 128, 128]),
    ];
    this.#ids = this.#kernel.allocate(batchRows * vectorLength);
  }

  /** logits of `count` <= 256 vectors into this.#logits. */
  #forward(vectors: Int32Array, start: number, count: number, epoch: number): void {
    const ids = this.#kernel.integers(this.#ids, count * vectorLength);
    this.#logits.fill(0, 0, count);
    for (const branch of this.#branches) {
      for (let row = 0, at = 0; row < count; row++) {
        for (let feature = 0; feature < vectorLength; feature++, at++) {
          ids[at] = branch.rows + 4 * branch.width * ((firstRow[feature] as number) + (vectors[start + at] as number));
        }
      }
      branch.addTo(this.#logits, this.#ids, count, epoch);
    }
  }

  /**
   * The surrogate's own output, uncalibrated, in percent.
   * @param vectors int32 [count, 34] of YAHPO's categories; @param epoch 1..98, of all of them
   */
  predictVectors(vectors: Int32Array, count: number, epoch: number, out: Float64Array): void {
    for (let start = 0; start < count; start += batchRows) {
      const rows = Math.min(batchRows, count - start);
      this.#forward(vectors, start * vectorLength, rows, epoch);
      for (let i = 0; i < rows; i++) out[start + i] = 100 / (1 + Math.exp(-(this.#logits[i] as number)));
    }
  }

  predict(codes: Uint32Array, count: number, out: Float64Array): void {
    for (let start = 0; start < count; start += batchRows) {
      const rows = Math.min(batchRows, count - start);
      for (let i = 0; i < rows; i++) toYahpoVector(codes, 2 * (start + i), this.#vectors, i * vectorLength);
      this.#forward(this.#vectors, 0, rows, trainedEpoch);
      for (let i = 0; i < rows; i++) out[start + i] = calibrate(100 / (1 + Math.exp(-(this.#logits[i] as number)))) / 100;
    }
  }
}

/**
 * The surrogate in `dataFolder`/nasbench301.
 * @throws DatasetError if the file is missing or is not that surrogate
 */
export function openYahpo(dataFolder: string): YahpoSurrogate {
  const path = join(dataFolder, 'nasbench301', 'yahpo_surrogate_v1.onnx');
  requireFile(path, 'nasbench301', "YAHPO Gym's surrogate of NAS-Bench-301");
  return new YahpoSurrogate(new OnnxWeights(path));
}
