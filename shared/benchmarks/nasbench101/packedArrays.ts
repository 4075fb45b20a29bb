/**
 * @file A checksummed file of named typed arrays, read in one go. Layout, little-endian: "ARCHWALK" (8 bytes), header length
 * uint32, CRC-32C of the header uint32, the header (JSON: format, metadata, and each array's name, type, offset, length and
 * CRC-32C), then the arrays, each at a multiple of 8. Written under a temporary name and renamed, so a reader sees all or nothing.
 */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { DatasetError } from '../../errors.js';
import { crc32c } from './crc32c.js';

const MAGIC = Buffer.from('ARCHWALK', 'latin1');
const PREFIX_BYTES = 16;
/** Largest header taken for sound. */
const LONGEST_HEADER_BYTES = 1 << 20;

export type PackedArray = Uint32Array | Float32Array;

/** What a packed file holds: `format` names its kind and version, `metadata` is the writer's own. */
export interface PackedFile<M> {
  readonly format: string;
  readonly metadata: M;
  readonly arrays: Readonly<Record<string, PackedArray>>;
}

interface ArrayEntry {
  readonly name: string;
  readonly type: 'uint32' | 'float32';
  /** Bytes from the start of the first array. */
  readonly offset: number;
  /** Elements. */
  readonly length: number;
  readonly crc32c: number;
}

interface Header<M> {
  readonly format: string;
  readonly metadata: M;
  readonly arrays: readonly ArrayEntry[];
}

const align = (bytes: number): number => Math.ceil(bytes / 8) * 8;
const bytesOf = (array: PackedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Writes a packed file; on any failure nothing is left under `path`. @throws DatasetError if the folder cannot be written */
export async function writePackedArrays<M>(path: string, file: PackedFile<M>): Promise<void> {
  let offset = 0;
  const entries = Object.entries(file.arrays).map(([name, array]): ArrayEntry => {
    const entry = { name, type: array instanceof Uint32Array ? ('uint32' as const) : ('float32' as const), offset, length: array.length, crc32c: crc32c(bytesOf(array)) };
    offset = align(offset + array.byteLength);
    return entry;
  });
  const header = Buffer.from(JSON.stringify({ format: file.format, metadata: file.metadata, arrays: entries } satisfies Header<M>), 'utf8');
  const prefix = Buffer.alloc(align(PREFIX_BYTES + header.length));
  MAGIC.copy(prefix);
  prefix.writeUInt32LE(header.length, 8);
  prefix.writeUInt32LE(crc32c(header), 12);
  header.copy(prefix, PREFIX_BYTES);
  const temporary = `${path}.${randomUUID()}.partial`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(prefix);
      for (const array of Object.values(file.arrays)) await handle.writeFile(Buffer.concat([bytesOf(array), Buffer.alloc(align(array.byteLength) - array.byteLength)]));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new DatasetError(`${path} must be writable, got ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function readHeader<M>(path: string, bytes: Buffer<ArrayBuffer>, format: string): { header: Header<M>; start: number } {
  if (bytes.length < PREFIX_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) throw new DatasetError(`${path} must start with "${MAGIC.toString('latin1')}", got ${JSON.stringify(bytes.toString('latin1', 0, 8))}`);
  const length = bytes.readUInt32LE(8);
  const text = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  const found = crc32c(text);
  const required = bytes.readUInt32LE(12);
  if (length > LONGEST_HEADER_BYTES || found !== required) throw new DatasetError(`${path}: the header must have CRC 0x${required.toString(16)}, got 0x${found.toString(16)}`);
  const header = JSON.parse(text.toString('utf8')) as Header<M>;
  if (header.format !== format) throw new DatasetError(`${path} must be of format ${format}, got ${header.format}`);
  return { header, start: align(PREFIX_BYTES + length) };
}

/**
 * Reads a packed file; its arrays are views of one buffer.
 *
 * @throws DatasetError if the file is absent, of another format, truncated, or a CRC is wrong
 */
export async function readPackedArrays<M>(path: string, format: string): Promise<PackedFile<M>> {
  const bytes = await readAligned(path);
  const { header, start } = readHeader<M>(path, bytes, format);
  const arrays: Record<string, PackedArray> = {};
  let end = start;
  for (const entry of header.arrays) {
    const from = start + entry.offset;
    end = Math.max(end, align(from + 4 * entry.length));
    if (end > bytes.length) throw new DatasetError(`${path} must be at least ${end} bytes long for its array ${entry.name}, got ${bytes.length}`);
    const found = crc32c(bytes, from, from + 4 * entry.length);
    if (found !== entry.crc32c) throw new DatasetError(`${path}: array ${entry.name} at byte ${from} must have CRC 0x${entry.crc32c.toString(16)}, got 0x${found.toString(16)}`);
    const Type = entry.type === 'uint32' ? Uint32Array : Float32Array;
    arrays[entry.name] = new Type(bytes.buffer, bytes.byteOffset + from, entry.length);
  }
  if (end !== bytes.length) throw new DatasetError(`${path} must be ${end} bytes long, got ${bytes.length}`);
  return { format: header.format, metadata: header.metadata, arrays };
}

/** The whole file in a buffer of its own, so that multiples of 8 in the file are aligned in memory. */
async function readAligned(path: string): Promise<Buffer<ArrayBuffer>> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.from(new ArrayBuffer(size));
      for (let at = 0; at < size; ) {
        const { bytesRead } = await handle.read(bytes, at, size - at, at);
        if (bytesRead === 0) return bytes.subarray(0, at);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new DatasetError(`${path} must be a readable file, got ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}
