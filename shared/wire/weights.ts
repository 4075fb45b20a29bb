/**
 * @file A weight snapshot as bytes: a safetensors file in f32 or bf16 with the version in its metadata, a CRC-32 over it, and
 * its split in chunks. bf16 halves the bytes and rounds each weight to 8 significant bits; the reader gets f32 back.
 */
import { crc32 } from 'node:zlib';
import { WireFormatError } from '../errors.js';
import { checkFinite, fromBf16, toBf16 } from './dtypes.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

/** One named parameter array, row-major f32: the shape of the agent's `NamedArray`. */
export interface WeightArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export type WeightPrecision = 'f32' | 'bf16';

/** What travels beside the weights. */
export interface WeightMetadata {
  readonly version: number;
  readonly learnerSteps: number;
  readonly configHash: string;
  /** Distinct architectures evaluated in training up to here; absent where it was not counted. */
  readonly trainingQueries?: number;
  /** Scale of the rewards the network was trained on: alpha and ln sigma; absent on the way to actors, which have the run's record. */
  readonly rewardScale?: { readonly alpha: number; readonly logSigma: number };
}

export interface DecodedWeights extends WeightMetadata {
  /** The arrays belong to the receiver. */
  readonly weights: readonly WeightArray[];
}

/** @throws ShapeError if a shape does not fit its values */
export function encodeWeights(weights: readonly WeightArray[], metadata: WeightMetadata, precision: WeightPrecision): Uint8Array {
  const arrays = precision === 'f32' ? weights : weights.map(({ name, shape, values }) => ({ name, shape, values: toBf16(values), dtype: 'BF16' as const }));
  return encodeSafetensors(arrays, {
    format: 'archwalk-weights-1',
    version: String(metadata.version),
    learnerSteps: String(metadata.learnerSteps),
    configHash: metadata.configHash,
    ...(metadata.trainingQueries === undefined ? {} : { trainingQueries: String(metadata.trainingQueries) }),
    ...(metadata.rewardScale === undefined ? {} : { alpha: String(metadata.rewardScale.alpha), logSigma: String(metadata.rewardScale.logSigma) }),
  });
}

/** @throws WireFormatError if the bytes are no snapshot, or hold a weight that is not finite */
export function decodeWeights(bytes: Uint8Array): DecodedWeights {
  const { arrays, metadata } = decodeSafetensors(bytes);
  const format = metadata.get('format');
  if (format !== 'archwalk-weights-1') throw new WireFormatError(`a weight snapshot must have format archwalk-weights-1, got ${JSON.stringify(format?.slice(0, 40) ?? null)}`);
  const weights = arrays.map(({ name, shape, dtype, values }) => {
    if (dtype !== 'F32' && dtype !== 'BF16') throw new WireFormatError(`a weight snapshot must hold F32 or BF16 arrays, one is ${dtype}`);
    const floats = dtype === 'F32' ? (values as Float32Array) : fromBf16(values as Uint16Array);
    checkFinite(floats, `weights of "${name.slice(0, 60)}"`);
    return { name, shape, values: floats };
  });
  return {
    weights,
    version: countIn(metadata, 'version'),
    learnerSteps: countIn(metadata, 'learnerSteps'),
    configHash: metadata.get('configHash') ?? '',
    ...(metadata.has('trainingQueries') ? { trainingQueries: countIn(metadata, 'trainingQueries') } : {}),
    ...(metadata.has('alpha') ? { rewardScale: { alpha: numberIn(metadata, 'alpha'), logSigma: numberIn(metadata, 'logSigma') } } : {}),
  };
}

function countIn(metadata: ReadonlyMap<string, string>, key: string): number {
  const text = metadata.get(key) ?? '';
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw new WireFormatError(`a weight snapshot's ${key} must be a whole number, got ${JSON.stringify(text.slice(0, 40))}`);
  return value;
}

function numberIn(metadata: ReadonlyMap<string, string>, key: string): number {
  const text = metadata.get(key) ?? '';
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new WireFormatError(`a weight snapshot's ${key} must be a number, got ${JSON.stringify(text.slice(0, 40))}`);
  return value;
}

/** CRC-32 of `bytes`, uint32. */
export function checksumOf(bytes: Uint8Array): number {
  return crc32(bytes);
}

/** Views of `bytes`, each of `chunkBytes` but the last, which is shorter. @returns one empty view for no bytes */
export function splitChunks(bytes: Uint8Array, chunkBytes: number): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let begin = 0; begin === 0 || begin < bytes.length; begin += chunkBytes) chunks.push(bytes.subarray(begin, begin + chunkBytes));
  return chunks;
}
