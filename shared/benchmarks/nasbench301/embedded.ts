/**
 * @file Backend `embedded`, NAS-Bench-301's default: a small network of our own, distilled from the calibrated YAHPO surrogate at
 * epoch 98 (never a copy of its weights), that needs no download and answers 1,024 cells in milliseconds.
 *
 * Its first layer is a sum of 8 table rows, one a node: a row for each joint choice of the node's input pair and two
 * operations (49, 147, 294, 490 rows a cell), so that most of its capacity costs nothing to evaluate. How faithful it is, at
 * random and where searches end, stands in docs/nasbench301.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatasetError } from '../../errors.js';
import { packageRoot } from '../../paths.js';
import type { Nasbench301Backend } from './benchmark.js';
import { quadCount } from './cellCode.js';
import { Kernel, type DenseLayer, type RowTable } from './kernel.js';
import { decodeSurrogate, type SurrogateWeights } from './surrogateFile.js';

/** Table rows that are summed: a node each. */
export const rowsPerGenotype = 8;
/** First row of each node of the normal cell; the reduction cell's follow 980 later. */
export const firstRows = [0, 49, 196, 490] as const;
const rowsPerCell = 980;

/** Writes the 8 table rows of the genotype [2] at `offset` into `out` at `outOffset`: the four nodes of each cell. */
export function surrogateRows(codes: Uint32Array, offset: number, out: Int32Array, outOffset: number): void {
  for (let side = 0; side < 2; side++) {
    const word = codes[offset + side] as number;
    const upper = (word / quadCount) | 0;
    const second = word - upper * quadCount;
    const pairing = (upper / quadCount) | 0;
    const first = upper - pairing * quadCount;
    const base = side * rowsPerCell;
    const at = outOffset + 4 * side;
    const firstNode = (first / 49) | 0;
    const thirdNode = (second / 49) | 0;
    const pair1 = (pairing / 60) | 0;
    const pair2 = ((pairing / 10) | 0) % 6;
    out[at] = base + firstNode;
    out[at + 1] = base + 49 + pair1 * 49 + first - firstNode * 49;
    out[at + 2] = base + 196 + pair2 * 49 + thirdNode;
    out[at + 3] = base + 490 + (pairing % 10) * 49 + second - thirdNode * 49;
  }
}

const batchRows = 256;

function elu(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < 0) values[i] = Math.exp(value) - 1;
  }
}

export class EmbeddedSurrogate implements Nasbench301Backend {
  readonly name = 'embedded';
  readonly provenance: string;
  readonly #weights: SurrogateWeights;
  readonly #kernel = new Kernel();
  readonly #table: RowTable;
  readonly #layers: readonly [DenseLayer, DenseLayer];
  readonly #activations: readonly [number, number, number];
  readonly #ids: number;

  constructor(weights: SurrogateWeights, origin: string) {
    this.#weights = weights;
    this.provenance = `archwalk's embedded surrogate of NAS-Bench-301 validation accuracy: ${origin}`;
    const kernel = this.#kernel;
    this.#table = kernel.table(weights.table, weights.bias1);
    this.#layers = [kernel.layer(weights.weights2, weights.bias2), kernel.layer(weights.weights3, weights.bias3)];
    const room = (width: number): number => kernel.allocate(batchRows * width);
    this.#activations = [room(weights.bias1.length), room(weights.bias2.length), room(weights.bias3.length)];
    this.#ids = room(rowsPerGenotype);
  }

  predict(codes: Uint32Array, count: number, out: Float64Array): void {
    for (let start = 0; start < count; start += batchRows) this.#predictBatch(codes, start, Math.min(batchRows, count - start), out);
  }

  #predictBatch(codes: Uint32Array, start: number, count: number, out: Float64Array): void {
    const kernel = this.#kernel;
    const { mean, scale, head, headBias } = this.#weights;
    const [x1, x2, x3] = this.#activations;
    const width = head.length;
    const ids = kernel.integers(this.#ids, count * rowsPerGenotype);
    for (let row = 0; row < count; row++) surrogateRows(codes, 2 * (start + row), ids, row * rowsPerGenotype);
    for (let i = 0; i < ids.length; i++) ids[i] = this.#table.rows + 4 * this.#table.width * (ids[i] as number);
    kernel.gather(this.#table, this.#ids, x1, count, rowsPerGenotype);
    elu(kernel.floats(x1, count * this.#table.width));
    kernel.apply(this.#layers[0], x1, x2, count);
    elu(kernel.floats(x2, count * this.#layers[0].outputs));
    kernel.apply(this.#layers[1], x2, x3, count);
    const values = kernel.floats(x3, count * width);
    elu(values);
    for (let row = 0; row < count; row++) {
      let sum = headBias[0] as number;
      for (let i = 0; i < width; i++) sum += (head[i] as number) * (values[row * width + i] as number);
      out[start + row] = Math.min(1, Math.max(0, (mean + scale * sum) / 100));
    }
  }
}

/** The committed weights' file. */
export const surrogatePath = join(packageRoot, 'shared', 'benchmarks', 'nasbench301', 'surrogate.msgpack');

/**
 * The surrogate in a file, by default the committed one.
 * @throws DatasetError if the file is missing or damaged
 */
export function openEmbedded(path: string = surrogatePath): EmbeddedSurrogate {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new DatasetError(`the embedded surrogate must lie at ${path}, not found; make it with "make surrogate"`, error);
  }
  const { weights, origin } = decodeSurrogate(bytes);
  return new EmbeddedSurrogate(weights, origin);
}
