/**
 * @file Element types of stored arrays, their widths, and bf16: the upper half of an f32, rounded to nearest even. Node has no
 * bf16 or f16 array, so both are held as uint16 bit patterns. All bytes are little-endian, as is every machine archwalk runs on.
 */
import { endianness } from 'node:os';
import { InvariantError, WireFormatError } from '../errors.js';

export type StoredValues = Float32Array | Float64Array | Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

/** Bytes an element. */
export const DTYPE_BYTES = { F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1 } as const;

export type Dtype = keyof typeof DTYPE_BYTES;

const CLASSES = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(DTYPE_BYTES, value);
}

/** The element type that an array's class stands for; uint16 counts as U16 unless its owner says F16 or BF16. */
export function dtypeOf(values: StoredValues): Dtype {
  for (const dtype of ['F32', 'F64', 'U8', 'I32', 'U32', 'U16', 'I16', 'I8', 'I64', 'U64'] as const) {
    if (values instanceof CLASSES[dtype]) return dtype;
  }
  throw new InvariantError(`stored values must be a typed array, got ${Object.prototype.toString.call(values)}`);
}

/** A fresh array of `dtype` over a copy of `bytes`, whose length is a multiple of the element's. */
export function arrayOf(dtype: Dtype, bytes: Uint8Array): StoredValues {
  return new CLASSES[dtype](copyOf(bytes));
}

function copyOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}

/**
 * f32 to bf16 bit patterns, round to nearest, ties to even; a NaN stays a NaN.
 * @returns uint16 of the same length
 */
export function toBf16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    out[i] = (word & 0x7fffffff) > 0x7f800000 ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return out;
}

/** bf16 bit patterns to the f32 of the same value. */
export function fromBf16(patterns: Uint16Array): Float32Array {
  const out = new Float32Array(patterns.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < patterns.length; i++) bits[i] = (patterns[i] as number) << 16;
  return out;
}

/** @throws WireFormatError if a value is NaN or infinite */
export function checkFinite(values: Float32Array | Float64Array, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new WireFormatError(`${what} must be finite, value ${i} is ${values[i]}`);
  }
}

if (endianness() !== 'LE') throw new InvariantError(`archwalk's wire formats need a little-endian machine, this one is ${endianness()}`);
