import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32c, maskCrc } from '../../../../shared/benchmarks/nasbench101/crc32c.js';
import { enumerateCells } from '../../../../shared/benchmarks/nasbench101/enumerate.js';
import { decodeRow, encodeMetrics, readRowCell } from '../../../../shared/benchmarks/nasbench101/metricsRow.js';
import { ModuleHasher } from '../../../../shared/benchmarks/nasbench101/moduleHash.js';
import { readEcnasCsv, readTfRecordTable } from '../../../../shared/benchmarks/nasbench101/readTable.js';
import { frameRecord, readTfRecords } from '../../../../shared/benchmarks/nasbench101/tfrecord.js';
import { DatasetError } from '../../../../shared/errors.js';
import { syntheticRow } from '../../../../scripts/bench/nasbench101Rows.js';

const folder = mkdtempSync(join(tmpdir(), 'archwalk-nb101-files-'));
let files = 0;
const file = (bytes: Uint8Array | string): string => {
  const path = join(folder, String(files++));
  writeFileSync(path, bytes);
  return path;
};
const rows = (...texts: string[]): string => file(Buffer.concat(texts.map((text) => frameRecord(Buffer.from(text)))));
const cells = enumerateCells(3);
const expectRefused = async (work: Promise<unknown>, message: RegExp): Promise<void> => {
  const error: unknown = await work.catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(DatasetError);
  expect((error as Error).message).toMatch(message);
};

describe('crc32c', () => {
  // RFC 3720, appendix B.4.
  it('equals the published vectors', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('goes on from a part', () => {
    const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => i & 255);
    expect(crc32c(bytes, 300, 1_000, crc32c(bytes, 0, 300))).toBe(crc32c(bytes));
  });

  it('is masked by TFRecord: rotated right by 15, plus 0xa282ead8', () => {
    expect(maskCrc(0)).toBe(0xa282ead8);
    expect(maskCrc(1)).toBe(0xa282ead8 + 0x20000);
  });
});

describe('readTfRecords', () => {
  it('visits records with their offsets, across chunks of the file', async () => {
    // 3,000 records of 2,000 bytes are 6 MB, above one chunk of 4 MiB.
    const records = Array.from({ length: 3_000 }, (_, i) => Buffer.alloc(2_000, i));
    const path = file(Buffer.concat(records.map(frameRecord)));
    const seen: [number, number][] = [];
    const progress: number[] = [];
    expect(await readTfRecords(path, (record, offset) => seen.push([record[1_999]!, offset]), (done) => progress.push(done))).toBe(3_000);
    expect(seen).toEqual(records.map((_, i) => [i & 255, i * 2_016]));
    expect(progress.at(-1)).toBe(3_000 * 2_016);
  });

  const whole = Buffer.concat(['first', 'second'].map((text) => frameRecord(Buffer.from(text))));
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(whole);
    copy[at]! ^= 1;
    return copy;
  };
  // first: 12 + 5 + 4 = 21 bytes.
  it.each([
    ['a wrong data CRC', changed(21 + 12), /record at byte 21 must have the data CRC 0x[0-9a-f]+, got 0x/],
    ['a wrong length', changed(21), /record at byte 21 must have the length CRC 0x[0-9a-f]+, got 0x/],
    ['an end within the bytes', whole.subarray(0, 40), /record at byte 21 must be whole, the file ends 19 bytes into it/],
    ['an end within the length', whole.subarray(0, 23), /record at byte 21 must be whole, the file ends 2 bytes into it/],
  ])('refuses %s', async (_, bytes, message) => expectRefused(readTfRecords(file(bytes), () => undefined), message));

  it('refuses a length beyond any record', async () => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32LE(1 << 21, 0);
    bytes.writeUInt32LE(maskCrc(crc32c(bytes, 0, 8)), 8);
    await expectRefused(readTfRecords(file(bytes), () => undefined), /record at byte 0 must be at most 1048576 bytes long, got 2097152/);
  });

  it('refuses a file that is not there', async () => expectRefused(readTfRecords(join(folder, 'none'), () => undefined), /must be a readable file/));
});

describe('decodeRow', () => {
  const metrics = encodeMetrics(108, 1_000, { validationAccuracy: 0.9, testAccuracy: 0.8, trainingTime: 50 });
  const row = (change: Partial<Record<0 | 1 | 2 | 3 | 4, unknown>> = {}): Buffer => {
    const fields: unknown[] = ['0'.repeat(32), 108, '0100', 'input,output', metrics];
    for (const [at, value] of Object.entries(change)) fields[Number(at)] = value;
    return Buffer.from(JSON.stringify(fields));
  };
  const withMetrics = (evaluation: Parameters<typeof encodeMetrics>[2], epochs = 108, parameters = 1_000): Buffer => row({ 4: encodeMetrics(epochs, parameters, evaluation) });

  it('keeps the last evaluation', () => {
    expect(decodeRow(row(), 'here')).toEqual({
      moduleHash: '0'.repeat(32), epochs: 108, cellText: '0100 input,output', trainableParameters: 1_000, validationAccuracy: 0.9, testAccuracy: 0.8, trainingSeconds: 50,
    });
  });

  it.each([
    ['text', Buffer.from('{"'), /here: the row must be JSON/],
    ['another list', Buffer.from('[1, 2]'), /the row must be a list of 5, got \[1,2\]/],
    ['a short hash', row({ 0: 'abc' }), /module hash must be 32 hexadecimal digits, got "abc"/],
    ['half an epoch', row({ 1: 0.5 }), /epochs must be a whole number above 0, got 0.5/],
    ['a matrix of numbers', row({ 2: [[0, 1]] }), /adjacency, operations and metrics must be texts/],
    ['metrics that end early', row({ 4: metrics.slice(0, 40) }), /metrics must be a ModelMetrics message/],
    ['metrics without evaluations', row({ 4: '' }), /metrics must hold an evaluation, got 0/],
    ['a NaN accuracy', withMetrics({ validationAccuracy: NaN, testAccuracy: 0.8, trainingTime: 5 }), /validation_accuracy must be a fraction in \[0, 1\], got NaN/],
    ['percent', withMetrics({ validationAccuracy: 0.9, testAccuracy: 80, trainingTime: 5 }), /test_accuracy must be a fraction in \[0, 1\], got 80/],
    ['a negative time', withMetrics({ validationAccuracy: 0.9, testAccuracy: 0.8, trainingTime: -5 }), /training_time must be seconds, at least 0, got -5/],
    ['an unfinished training', withMetrics({ validationAccuracy: 0.9, testAccuracy: 0.8, trainingTime: 5 }, 36), /within an epoch of 108, got 36/],
    ['no parameters', withMetrics({ validationAccuracy: 0.9, testAccuracy: 0.8, trainingTime: 5 }, 108, 0), /trainable_parameters must be above 0, got 0/],
  ])('refuses %s', (_, record, message) => {
    expect(() => decodeRow(record, 'here')).toThrow(DatasetError);
    expect(() => decodeRow(record, 'here')).toThrow(message);
  });

  it('refuses cells outside the space, saying why', () => {
    expect(() => readRowCell('01000 input,output', 'here')).toThrow(/here: the adjacency must have a square number of digits, got 5/);
    expect(() => readRowCell('010001000 input,conv7x7,output', 'here')).toThrow(/here: operations\[1\] must be one of .*got "conv7x7"/);
  });
});

describe('readTfRecordTable', () => {
  const all = (repeats = 1): string[] => [...cells].flatMap((code) => Array.from({ length: repeats }, (_, repeat) => syntheticRow(code, 108, repeat)));

  it('takes rows in any order, repeats in the order of the file', async () => {
    const texts = all(3);
    const table = await readTfRecordTable(rows(...texts.slice(3), ...texts.slice(0, 3)), cells, 3);
    const straight = await readTfRecordTable(rows(...texts), cells, 3);
    expect(table).toEqual(straight);
    expect(table.budgets[0]?.validationAccuracies).toHaveLength(21);
  });

  it('refuses a wrong module hash', async () => {
    const hash = new ModuleHasher().hash(cells[0]!);
    const path = rows(all()[0]!.replace(hash, 'f'.repeat(32)));
    await expectRefused(readTfRecordTable(path, cells, 1), new RegExp(`record at byte 0: the cell's module hash must be ${hash}, got f{32}`));
  });

  it('refuses one repeat too many, one too few, none, and a cell too many', async () => {
    const texts = all();
    await expectRefused(readTfRecordTable(rows(...texts, texts[2]!), cells, 1), /record at byte \d+: a cell must have 1 rows at 108 epochs, got another of module hash/);
    await expectRefused(readTfRecordTable(rows(...texts.slice(1)), cells, 1), /must hold 1 rows at 108 epochs for each of 7 cells, got 0 for module hash/);
    await expectRefused(readTfRecordTable(rows(), cells, 1), /must hold rows, got none/);
    await expectRefused(readTfRecordTable(rows(syntheticRow(enumerateCells(4)[20]!, 108, 0)), cells, 1), /the cell must be one of the 7 of this table, got module hash/);
  });
});

describe('readEcnasCsv', () => {
  const HEAD = 'module_hash,vertices,adjacency_row_major,ops,params,train_time_s,half_val,half_test,final_train,final_val,final_test';
  const hash = new ModuleHasher().hash(1 << 15);
  const line = (finalVal: string): string => `${hash},2,0100,"input,output",100,5.5,0.1,0.1,0.2,${finalVal},0.3`;
  it.each([
    ['another header', `a,b\n${line('0.5')}`, /line 1 must be module_hash,.*got "a,b"/],
    ['a missing field', `${HEAD}\n${line('0.5')}\n${hash},2`, /line 3 must have 11 fields, got 2/],
    ['a word for a number', `${HEAD}\n${line('good')}`, /line 2: column 10 must be a number, got "good"/],
    ['a NaN', `${HEAD}\n${line('NaN')}`, /line 2: column 10 must be a number, got "NaN"/],
    ['percent', `${HEAD}\n${line('50')}`, /line 2: final_val must be a fraction in \[0, 1\], got 50/],
    ['missing cells', `${HEAD}\n${line('0.5')}`, /must hold 1 rows at 4 epochs for each of 2532 cells, got 0/],
  ])('refuses %s', async (_, text, message) => expectRefused(readEcnasCsv(file(gzipSync(text))), message));

  it('refuses a truncated gzip file', async () => expectRefused(readEcnasCsv(file(gzipSync(`${HEAD}\n${line('0.5')}`).subarray(0, 60))), /must be a whole gzip file/));
});
