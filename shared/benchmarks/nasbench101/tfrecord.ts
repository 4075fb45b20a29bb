/**
 * @file TFRecord files, streamed. One record: length uint64 LE, masked CRC-32C of the length uint32, the bytes, masked
 * CRC-32C of the bytes uint32. Both CRCs are checked; every complaint names the byte offset of its record.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { DatasetError } from '../../errors.js';
import { crc32c, maskCrc } from './crc32c.js';

/** Bytes asked of the file at a time. */
const CHUNK_BYTES = 4 << 20;
/** Longest record taken for sound; NAS-Bench-101's are below 2 KB. */
const LONGEST_RECORD_BYTES = 1 << 20;
const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;

/** Called with each record: its bytes (a view, valid during the call only) and its byte offset in the file. */
export type RecordVisitor = (record: Buffer, offset: number) => void;
/** Called now and then with the bytes read and the file's size. */
export type ByteProgress = (doneBytes: number, totalBytes: number) => void;

/** One record in TFRecord's framing. */
export function frameRecord(record: Uint8Array): Buffer {
  const out = Buffer.alloc(HEADER_BYTES + record.length + FOOTER_BYTES);
  out.writeUInt32LE(record.length, 0);
  out.writeUInt32LE(maskCrc(crc32c(out, 0, 8)), 8);
  out.set(record, HEADER_BYTES);
  out.writeUInt32LE(maskCrc(crc32c(record)), HEADER_BYTES + record.length);
  return out;
}

function readLength(path: string, bytes: Buffer, at: number, offset: number): number {
  const found = bytes.readUInt32LE(at + 8);
  const required = maskCrc(crc32c(bytes, at, at + 8));
  if (found !== required) {
    throw new DatasetError(`${path}: the record at byte ${offset} must have the length CRC 0x${required.toString(16)}, got 0x${found.toString(16)}`);
  }
  const length = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 4294967296;
  if (length > LONGEST_RECORD_BYTES) throw new DatasetError(`${path}: the record at byte ${offset} must be at most ${LONGEST_RECORD_BYTES} bytes long, got ${length}`);
  return length;
}

/**
 * Visits the whole records at the start of `bytes`.
 *
 * @param base  byte offset of `bytes` in the file
 * @returns how many bytes they took, and how many they were
 */
function visitRecords(path: string, bytes: Buffer, base: number, visit: RecordVisitor): { taken: number; records: number } {
  let taken = 0;
  let records = 0;
  while (taken + HEADER_BYTES <= bytes.length) {
    const start = taken + HEADER_BYTES;
    const end = start + readLength(path, bytes, taken, base + taken);
    if (end + FOOTER_BYTES > bytes.length) break;
    const required = maskCrc(crc32c(bytes, start, end));
    const found = bytes.readUInt32LE(end);
    if (found !== required) {
      throw new DatasetError(`${path}: the record at byte ${base + taken} must have the data CRC 0x${required.toString(16)}, got 0x${found.toString(16)}`);
    }
    visit(bytes.subarray(start, end), base + taken);
    taken = end + FOOTER_BYTES;
    records++;
  }
  return { taken, records };
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new DatasetError(`${path} must be a readable file, got ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/**
 * Visits every record of a TFRecord file in order, in bounded memory; other work of the process goes on between chunks.
 *
 * @returns the number of records
 * @throws DatasetError if the file is absent, a CRC is wrong, or the file ends within a record
 */
export async function readTfRecords(path: string, visit: RecordVisitor, onProgress?: ByteProgress): Promise<number> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(CHUNK_BYTES + LONGEST_RECORD_BYTES + HEADER_BYTES + FOOTER_BYTES);
    let count = 0;
    let held = 0;
    let base = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, held, CHUNK_BYTES, base + held);
      held += bytesRead;
      const { taken, records } = visitRecords(path, buffer.subarray(0, held), base, visit);
      buffer.copyWithin(0, taken, held);
      held -= taken;
      base += taken;
      count += records;
      onProgress?.(base, size);
      if (bytesRead > 0) continue;
      if (held > 0) throw new DatasetError(`${path}: the record at byte ${base} must be whole, the file ends ${held} bytes into it`);
      return count;
    }
  } finally {
    await file.close();
  }
}
