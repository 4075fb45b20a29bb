/**
 * @file The official table as compact binary files beside it. One file holds the 108-epoch accuracies with codes, parameters
 * and neighbour lists (52 MB, one read); the other epoch budgets, in the same order of cells, are a second file.
 */
import { join } from 'node:path';
import { DatasetError } from '../../errors.js';
import { crc32c } from './crc32c.js';
import type { NeighbourGraph } from './neighbourGraph.js';
import { readPackedArrays, writePackedArrays, type PackedArray, type PackedFile } from './packedArrays.js';
import type { AccuracyTable, CellTable } from './table.js';

const MAIN_FORMAT = 'archwalk-nasbench101-cells/1';
const BUDGETS_FORMAT = 'archwalk-nasbench101-budgets/1';
/** The budget of the main file. */
export const MAIN_EPOCHS = 108;

/** Where the main file lies. */
export function mainCachePath(dataFolder: string): string {
  return join(dataFolder, 'nasbench101', 'nasbench101_108.archwalk');
}

/** Where the other budgets lie. */
export function budgetsCachePath(dataFolder: string): string {
  return join(dataFolder, 'nasbench101', 'nasbench101_budgets.archwalk');
}

/** Where the table came from: the file's name and size. */
export interface CacheSource {
  readonly file: string;
  readonly sizeBytes: number;
}

interface CacheMetadata {
  readonly source: CacheSource;
  readonly repeats: number;
  readonly epochs: readonly number[];
  /** CRC-32C of the codes that the rows belong to. */
  readonly codesCrc32c: number;
}

/** A cached table. */
export interface CachedTable {
  readonly source: CacheSource;
  readonly cells: CellTable;
  readonly graph: NeighbourGraph;
}

const crcOf = (codes: Uint32Array): number => crc32c(new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength));

function columns(table: AccuracyTable): Record<string, PackedArray> {
  return {
    [`validationAccuracies${table.epochs}`]: table.validationAccuracies,
    [`testAccuracies${table.epochs}`]: table.testAccuracies,
    [`trainingSeconds${table.epochs}`]: table.trainingSeconds,
  };
}

/** Takes an array out of a packed file. @throws DatasetError if it is not there, or not of that type and length */
function take<T extends PackedArray>(path: string, file: PackedFile<CacheMetadata>, name: string, Type: new (length: number) => T, length?: number): T {
  const array = file.arrays[name];
  if (!(array instanceof Type) || (length !== undefined && array.length !== length)) {
    throw new DatasetError(`${path} must hold ${Type.name} ${name}${length === undefined ? '' : ` of ${length}`}, got ${array === undefined ? 'none' : `${array.constructor.name} of ${array.length}`}`);
  }
  return array;
}

function budget(path: string, file: PackedFile<CacheMetadata>, epochs: number, cells: number): AccuracyTable {
  const { repeats } = file.metadata;
  const column = (name: string): Float32Array => take(path, file, `${name}${epochs}`, Float32Array, cells * repeats);
  return { epochs, repeats, validationAccuracies: column('validationAccuracies'), testAccuracies: column('testAccuracies'), trainingSeconds: column('trainingSeconds') };
}

/**
 * Writes the files of a table: the main one, and the second where the table has other budgets.
 *
 * @throws DatasetError if the table lacks 108 epochs, or the folder cannot be written
 */
export async function writeTableCache(dataFolder: string, table: CachedTable): Promise<void> {
  const { cells, graph, source } = table;
  const main = cells.budgets.find(({ epochs }) => epochs === MAIN_EPOCHS);
  if (main === undefined) throw new DatasetError(`${source.file} must hold ${MAIN_EPOCHS} epochs, got ${cells.budgets.map(({ epochs }) => epochs).join(', ')}`);
  const others = cells.budgets.filter((one) => one !== main);
  const metadata = (epochs: readonly number[]): CacheMetadata => ({ source, repeats: main.repeats, epochs, codesCrc32c: crcOf(cells.codes) });
  if (others.length > 0) {
    const arrays = Object.assign({}, ...others.map(columns)) as Record<string, PackedArray>;
    await writePackedArrays(budgetsCachePath(dataFolder), { format: BUDGETS_FORMAT, metadata: metadata(others.map(({ epochs }) => epochs)), arrays });
  }
  const arrays = { codes: cells.codes, parameters: cells.parameters, ...columns(main), offsets: graph.offsets, neighbours: graph.neighbours };
  await writePackedArrays(mainCachePath(dataFolder), { format: MAIN_FORMAT, metadata: metadata([MAIN_EPOCHS]), arrays });
}

/** Reads the main file. @throws DatasetError if it is absent or damaged */
export async function readMainCache(dataFolder: string): Promise<CachedTable> {
  const path = mainCachePath(dataFolder);
  const file = await readPackedArrays<CacheMetadata>(path, MAIN_FORMAT);
  const codes = take(path, file, 'codes', Uint32Array);
  const offsets = take(path, file, 'offsets', Uint32Array, codes.length + 1);
  const cells = { codes, parameters: take(path, file, 'parameters', Uint32Array, codes.length), budgets: [budget(path, file, MAIN_EPOCHS, codes.length)] };
  return { source: file.metadata.source, cells, graph: { offsets, neighbours: take(path, file, 'neighbours', Uint32Array, offsets[codes.length]) } };
}

/**
 * Reads one of the other budgets.
 *
 * @throws DatasetError if the file is absent or damaged, lacks that budget, or belongs to other codes
 */
export async function readBudgetCache(dataFolder: string, epochs: number, codes: Uint32Array): Promise<AccuracyTable> {
  const path = budgetsCachePath(dataFolder);
  const file = await readPackedArrays<CacheMetadata>(path, BUDGETS_FORMAT);
  if (!file.metadata.epochs.includes(epochs)) throw new DatasetError(`${path} must hold ${epochs} epochs, got ${file.metadata.epochs.join(', ')}`);
  const required = crcOf(codes);
  if (file.metadata.codesCrc32c !== required) throw new DatasetError(`${path} must belong to codes of CRC 0x${required.toString(16)}, got 0x${file.metadata.codesCrc32c.toString(16)}`);
  return budget(path, file, epochs, codes.length);
}
