/**
 * @file Named arrays as one file in the safetensors format: 8 bytes little-endian header length, a JSON header, then the
 * arrays' bytes without gaps. Written and read here for weights, optimizer slots and checkpoints; Python's `safetensors`
 * reads these files and writes ones we read. We copy every array out of the file, so alignment never matters, and refuse
 * what the format leaves open: overlapping or missing bytes, more than 8 dimensions, headers over a bound.
 */
import { ShapeError, WireFormatError } from '../errors.js';
import { arrayOf, dtypeOf, DTYPE_BYTES, isDtype, type Dtype, type StoredValues } from './dtypes.js';

/** One array to write. `dtype` is needed only where the values' class does not say it (bf16 and f16 travel as uint16). */
export interface StoredArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: StoredValues;
  readonly dtype?: Dtype;
}

/** One array that was read; `values` belongs to the receiver. */
export interface LoadedArray extends StoredArray {
  readonly dtype: Dtype;
}

export interface SafetensorsFile {
  /** In the order of their bytes. */
  readonly arrays: readonly LoadedArray[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** Longest JSON header that is read: a thousand times what a 48-layer network needs. */
const MAX_HEADER_BYTES = 8 * 1024 * 1024;
const MAX_DIMENSIONS = 8;

/**
 * Packs `arrays`, in their order, and string metadata.
 * @throws ShapeError if a shape does not fit its values, a name occurs twice or is `__metadata__`
 */
export function encodeSafetensors(arrays: readonly StoredArray[], metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const names = new Set<string>(['__metadata__']);
  let offset = 0;
  for (const array of arrays) {
    if (names.has(array.name)) throw new ShapeError(`an array's name must be unique and not __metadata__, got "${array.name}" again`);
    names.add(array.name);
    const dtype = array.dtype ?? dtypeOf(array.values);
    const length = checkShape(array, dtype);
    const description = { dtype, shape: array.shape, data_offsets: [offset, offset + length] };
    fields.push(`${JSON.stringify(array.name)}:${JSON.stringify(description)}`);
    offset += length;
  }
  const json = Buffer.from(`{${fields.join(',')}}`, 'utf8');
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + headerBytes);
  let position = 8 + headerBytes;
  for (const { values } of arrays) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
    position += values.byteLength;
  }
  return bytes;
}

function checkShape(array: StoredArray, dtype: Dtype): number {
  const elements = array.shape.reduce((product, n) => product * n, 1);
  if (elements !== array.values.length || array.values.BYTES_PER_ELEMENT !== DTYPE_BYTES[dtype]) {
    throw new ShapeError(`array "${array.name}" must hold ${elements} values of ${dtype} for shape [${array.shape.join(', ')}], got ${array.values.length} of ${array.values.BYTES_PER_ELEMENT} bytes`);
  }
  return array.values.byteLength;
}

/**
 * Reads a file written by `encodeSafetensors` or by the Python package. Lengths are checked before anything is allocated.
 * @throws WireFormatError naming the rule that the bytes break
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes);
  const metadata = new Map<string, string>();
  const entries: { name: string; dtype: Dtype; shape: readonly number[]; begin: number; end: number }[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (!isRecord(value)) throw new WireFormatError(`a safetensors header entry must be an object, got ${typeof value}`);
    if (name === '__metadata__') readMetadata(value, metadata);
    else entries.push({ name, ...readEntry(name, value) });
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const entry of entries) {
    if (entry.begin !== position) throw new WireFormatError(`safetensors arrays must lie without gaps, "${clip(entry.name)}" begins at ${entry.begin} and not at ${position}`);
    position = entry.end;
  }
  if (position !== bytes.length - dataStart) throw new WireFormatError(`safetensors data must be ${position} bytes by its header, got ${bytes.length - dataStart}`);
  const arrays = entries.map(({ name, dtype, shape, begin, end }) => ({ name, dtype, shape, values: arrayOf(dtype, bytes.subarray(dataStart + begin, dataStart + end)) }));
  return { arrays, metadata };
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 10) throw new WireFormatError(`a safetensors file must have at least 10 bytes, got ${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const bound = Math.min(MAX_HEADER_BYTES, bytes.length - 8);
  if (length > BigInt(bound)) throw new WireFormatError(`a safetensors header must be at most ${bound} bytes here, got ${length}`);
  const dataStart = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + 8, Number(length)).toString('utf8'));
  } catch (cause) {
    throw new WireFormatError('a safetensors header must be JSON, and is not', cause);
  }
  if (!isRecord(header)) throw new WireFormatError('a safetensors header must be a JSON object, and is not');
  return { header, dataStart };
}

function readMetadata(value: Record<string, unknown>, metadata: Map<string, string>): void {
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new WireFormatError(`safetensors metadata must be strings, "${clip(key)}" is ${typeof text}`);
    metadata.set(key, text);
  }
}

function readEntry(name: string, value: Record<string, unknown>): { dtype: Dtype; shape: readonly number[]; begin: number; end: number } {
  const { dtype, shape, data_offsets: offsets } = value;
  const shown = clip(name);
  if (!isDtype(dtype)) throw new WireFormatError(`safetensors array "${shown}" must have one of the types ${Object.keys(DTYPE_BYTES).join(', ')}, got ${clip(String(dtype))}`);
  if (!isCounts(shape) || shape.length > MAX_DIMENSIONS) throw new WireFormatError(`safetensors array "${shown}" must have a shape of at most ${MAX_DIMENSIONS} whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2) throw new WireFormatError(`safetensors array "${shown}" must have two data offsets`);
  const [begin = 0, end = 0] = offsets;
  const size = shape.reduce((product, n) => product * n, DTYPE_BYTES[dtype]);
  if (end - begin !== size) throw new WireFormatError(`safetensors array "${shown}" must span ${size} bytes by its shape, got ${end - begin}`);
  return { dtype, shape, begin, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}

/** A foreign name, cut so that a message stays a line. */
function clip(text: string): string {
  return JSON.stringify(text.slice(0, 60)).slice(1, -1);
}
