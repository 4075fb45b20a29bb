/**
 * @file The embedded surrogate's weights and their file: one MessagePack map {format, version, origin, sizes, mean, scale, tensors},
 * tensors as half precision, row by row. Written by `make surrogate` (scripts/surrogate/), which also says how they were trained.
 */
import { pack, unpack } from 'msgpackr';
import { DatasetError } from '../../errors.js';
import { fromHalf, toHalf } from './halfFloat.js';

/** Rows of the first layer: per cell 49 + 3 * 49 + 6 * 49 + 10 * 49, for two cells. */
export const tableRowCount = 1960;

/**
 * accuracy in percent = mean + scale * f(cell);  f: H1 = sum of 8 table rows + bias1, then elu, H2, elu, H3, elu, one number.
 * The three sizes are those of the biases.
 */
export interface SurrogateWeights {
  readonly mean: number;
  readonly scale: number;
  /** f32 [1960, H1]; H1 a multiple of 16. */
  readonly table: Float32Array;
  readonly bias1: Float32Array;
  /** f32 [H2, H1]; H2 and H3 multiples of 8. */
  readonly weights2: Float32Array;
  readonly bias2: Float32Array;
  /** f32 [H3, H2]. */
  readonly weights3: Float32Array;
  readonly bias3: Float32Array;
  /** f32 [H3]. */
  readonly head: Float32Array;
  /** f32 [1]. */
  readonly headBias: Float32Array;
}

const format = 'archwalk-nasbench301-surrogate';
const version = 1;
const tensorNames = ['table', 'bias1', 'weights2', 'bias2', 'weights3', 'bias3', 'head', 'headBias'] as const;
type TensorName = (typeof tensorNames)[number];

function lengthsOf([h1, h2, h3]: readonly [number, number, number]): Readonly<Record<TensorName, number>> {
  return { table: tableRowCount * h1, bias1: h1, weights2: h2 * h1, bias2: h2, weights3: h3 * h2, bias3: h3, head: h3, headBias: 1 };
}

/** The file's bytes. @param origin one sentence: teacher, seed, number of cells */
export function encodeSurrogate(weights: SurrogateWeights, origin: string): Uint8Array {
  const half = (values: Float32Array): Buffer => Buffer.from(Uint16Array.from(values, toHalf).buffer);
  return pack({
    format,
    version,
    origin,
    sizes: [weights.bias1.length, weights.bias2.length, weights.bias3.length],
    mean: weights.mean,
    scale: weights.scale,
    tensors: Object.fromEntries(tensorNames.map((name) => [name, half(weights[name])])),
  });
}

interface SurrogateMessage {
  readonly format: unknown;
  readonly version: unknown;
  readonly origin: string;
  readonly sizes: readonly [number, number, number];
  readonly mean: number;
  readonly scale: number;
  readonly tensors: Readonly<Record<string, Uint8Array | undefined>>;
}

function unpackMessage(bytes: Uint8Array): Partial<SurrogateMessage> | null {
  try {
    return unpack(bytes) as Partial<SurrogateMessage> | null;
  } catch (error) {
    throw new DatasetError(`the embedded surrogate must be a whole MessagePack file, got "${(error as Error).message}"; make it again with "make surrogate"`, error);
  }
}

/** @throws DatasetError naming what is wrong */
export function decodeSurrogate(bytes: Uint8Array): { readonly weights: SurrogateWeights; readonly origin: string } {
  const message = unpackMessage(bytes);
  if (message?.format !== format || message.version !== version) {
    throw new DatasetError(`the embedded surrogate must be of format ${format}, version ${version}, got ${String(message?.format)}, version ${String(message?.version)}`);
  }
  const { sizes, mean, scale, tensors, origin } = message as SurrogateMessage;
  const lengths = lengthsOf(sizes);
  const read = (name: TensorName): Float32Array => {
    const stored = tensors[name];
    if (stored?.length !== 2 * lengths[name]) throw new DatasetError(`the embedded surrogate's ${name} must have ${lengths[name]} values, got ${(stored?.length ?? 0) / 2}`);
    const values = Float32Array.from(new Uint16Array(Uint8Array.from(stored).buffer), fromHalf);
    if (!values.every(Number.isFinite)) throw new DatasetError(`the embedded surrogate's ${name} must be finite, got a value that is not`);
    return values;
  };
  const arrays = Object.fromEntries(tensorNames.map((name) => [name, read(name)])) as Record<TensorName, Float32Array>;
  return { weights: { mean, scale, ...arrays }, origin };
}
