/**
 * @file The files that hold NAS-Bench-101 tables, read whole into columns: the official TFRecords (`nasbench_only108.tfrecord`
 * with 108 epochs; `nasbench_full.tfrecord` with 4, 12, 36 and 108; three repeats each), and EC-NAS-Bench's complete table of
 * cells of at most 5 vertices (one training of 4 epochs), as TFRecord or as its flattened csv.gz.
 */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { DatasetError } from '../../errors.js';
import { enumerateCells } from './enumerate.js';
import { checkFraction, decodeRow } from './metricsRow.js';
import { CellTableBuilder, type CellTable } from './table.js';
import { readTfRecords, type ByteProgress } from './tfrecord.js';

/** Repeats of every cell in the official files. */
export const OFFICIAL_REPEATS = 3;
/** Most vertices of EC-NAS-Bench's table, and its epochs. */
export const ECNAS_VERTICES = 5;
export const ECNAS_EPOCHS = 4;

const CSV_COLUMNS = 'module_hash,vertices,adjacency_row_major,ops,params,train_time_s,half_val,half_test,final_train,final_val,final_test';

/**
 * Reads a TFRecord of NAS-Bench-101's rows.
 *
 * @param codes    uint32 [C], the cells that it must hold, ascending; the whole space for an official file
 * @param repeats  rows of each cell and epoch budget
 * @throws DatasetError naming the record's byte offset, what was required and what was found
 */
export async function readTfRecordTable(path: string, codes: Uint32Array, repeats: number, onProgress?: ByteProgress): Promise<CellTable> {
  const builder = new CellTableBuilder(codes, repeats);
  const visit = (record: Buffer, offset: number): void => {
    const where = `${path}: the record at byte ${offset}`;
    builder.add(decodeRow(record, where), where);
  };
  await readTfRecords(path, visit, onProgress);
  return builder.finish(path);
}

/** Reads an official file. @throws DatasetError as readTfRecordTable */
export function readOfficialTable(path: string, onProgress?: ByteProgress): Promise<CellTable> {
  return readTfRecordTable(path, enumerateCells(), OFFICIAL_REPEATS, onProgress);
}

/** Reads EC-NAS-Bench's TFRecord of cells of at most 5 vertices. @throws DatasetError as readTfRecordTable */
export function readEcnasTable(path: string): Promise<CellTable> {
  return readTfRecordTable(path, enumerateCells(ECNAS_VERTICES), 1);
}

/** One line's fields; only the quoted list of operations holds commas of its own. */
function splitLine(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|[^,]+/g)].map((match) => match[1] ?? match[0]);
}

/**
 * Reads EC-NAS-Bench's flattened table (csv.gz).
 *
 * @throws DatasetError naming the line, what was required and what was found
 */
export async function readEcnasCsv(path: string): Promise<CellTable> {
  let text: string;
  try {
    text = gunzipSync(await readFile(path)).toString('latin1');
  } catch (cause) {
    throw new DatasetError(`${path} must be a whole gzip file, got ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const lines = text.trimEnd().split(/\r?\n/);
  if (lines[0] !== CSV_COLUMNS) throw new DatasetError(`${path}: line 1 must be ${CSV_COLUMNS}, got ${JSON.stringify(lines[0] ?? '')}`);
  const builder = new CellTableBuilder(enumerateCells(ECNAS_VERTICES), 1);
  lines.slice(1).forEach((line, i) => {
    const where = `${path}: line ${i + 2}`;
    const fields = splitLine(line);
    if (fields.length !== CSV_COLUMNS.split(',').length) throw new DatasetError(`${where} must have ${CSV_COLUMNS.split(',').length} fields, got ${fields.length}`);
    const number = (column: number): number => {
      const value = Number(fields[column]);
      if (!Number.isFinite(value)) throw new DatasetError(`${where}: column ${column + 1} must be a number, got ${JSON.stringify(fields[column])}`);
      return value;
    };
    builder.add(
      {
        moduleHash: fields[0]!,
        epochs: ECNAS_EPOCHS,
        cellText: `${fields[2]} ${fields[3]}`,
        trainableParameters: number(4),
        trainingSeconds: number(5),
        validationAccuracy: checkFraction(where, 'final_val', number(9)),
        testAccuracy: checkFraction(where, 'final_test', number(10)),
      },
      where,
    );
  });
  return builder.finish(path);
}
