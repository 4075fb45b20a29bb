/**
 * @file Finds NAS-Bench-101's files in the data folder and opens them as a benchmark: the official table where its cache or a
 * TFRecord lies there, else EC-NAS-Bench's complete table of cells of at most 5 vertices, and says which it was.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatasetError } from '../../errors.js';
import type { OpeningProgress } from '../types.js';
import { createNasbench101, type Nasbench101Benchmark, type RepeatPolicy } from './benchmark.js';
import { buildNeighbourGraph } from './neighbourGraph.js';
import { ECNAS_EPOCHS, ECNAS_VERTICES, readEcnasCsv, readEcnasTable, readOfficialTable } from './readTable.js';
import type { SamplerName } from './samplers.js';
import { MAIN_EPOCHS, budgetsCachePath, mainCachePath, readBudgetCache, readMainCache, writeTableCache, type CachedTable } from './tableCache.js';

/** `official` and `ecnas` insist on one of the two; `auto` takes the first that is there. */
export type Nasbench101Table = 'auto' | 'official' | 'ecnas';

export interface OpenNasbench101Options {
  /** Holds `nasbench101/`; see docs/nasbench101.md for the files. */
  readonly dataFolder: string;
  /** Default `auto`. */
  readonly table?: Nasbench101Table;
  /** Epoch budget of the official table: 108 (default), or 4, 12, 36 where the full file was read. */
  readonly epochs?: number;
  /** Default: the mean over repeats. */
  readonly repeats?: RepeatPolicy;
  /** Default `classes`. */
  readonly sampler?: SamplerName;
  /** Called while the cache is made. */
  readonly onProgress?: OpeningProgress;
}

const ONLY_108 = 'nasbench_only108.tfrecord';
const FULL = 'nasbench_full.tfrecord';
const ECNAS_RECORDS = 'ecnas_energy_5V9E.tfrecord';
const ECNAS_CSV = 'ecnas_5v9e_4epochs.csv.gz';

/** The official TFRecord to read for `epochs`, or null: the small file where it is enough, else the full one. */
function officialSource(dataFolder: string, epochs: number): string | null {
  const files = epochs === MAIN_EPOCHS ? [ONLY_108, FULL] : [FULL];
  const name = files.find((file) => existsSync(join(dataFolder, 'nasbench101', file)));
  return name === undefined ? null : join(dataFolder, 'nasbench101', name);
}

/** Reads an official TFRecord, builds the search graph and writes both into the cache: minutes, once. */
export async function cacheOfficialTable(dataFolder: string, path: string, onProgress?: OpeningProgress): Promise<CachedTable> {
  const file = basename(path);
  const cells = await readOfficialTable(path, (done, total) => onProgress?.(`reading ${file}`, done, total, 'bytes'));
  const graph = await buildNeighbourGraph(cells.codes, (done, total) => onProgress?.('listing neighbours', done, total, 'cells'));
  const table = { source: { file, sizeBytes: (await stat(path)).size }, cells, graph };
  await writeTableCache(dataFolder, table);
  return table;
}

/** The cached table, made first where a TFRecord lies there that the cache was not made from. */
async function officialTable(options: OpenNasbench101Options, epochs: number): Promise<CachedTable | null> {
  const { dataFolder } = options;
  const source = officialSource(dataFolder, epochs);
  const cached = existsSync(mainCachePath(dataFolder)) && (epochs === MAIN_EPOCHS || existsSync(budgetsCachePath(dataFolder)));
  if (cached) {
    const table = await readMainCache(dataFolder);
    const stale = source !== null && table.source.file === basename(source) && table.source.sizeBytes !== (await stat(source)).size;
    if (!stale) return table;
  }
  return source === null ? null : cacheOfficialTable(dataFolder, source, options.onProgress);
}

async function openOfficial(options: OpenNasbench101Options): Promise<Nasbench101Benchmark | null> {
  const epochs = options.epochs ?? MAIN_EPOCHS;
  const table = await officialTable(options, epochs);
  if (table === null) return null;
  const known = table.cells.budgets.find((one) => one.epochs === epochs);
  const accuracies = known ?? (await readBudgetCache(options.dataFolder, epochs, table.cells.codes));
  return createNasbench101(table.cells, accuracies, table.graph, {
    repeats: options.repeats ?? { kind: 'mean' },
    sampler: options.sampler ?? 'classes',
    backend: 'official',
    source: `NAS-Bench-101 (${table.source.file}), all ${table.cells.codes.length} cells, CIFAR-10, ${epochs} epochs`,
  });
}

async function openEcnas(options: OpenNasbench101Options): Promise<Nasbench101Benchmark | null> {
  const file = [ECNAS_RECORDS, ECNAS_CSV].find((name) => existsSync(join(options.dataFolder, 'nasbench101', name)));
  if (file === undefined) return null;
  const path = join(options.dataFolder, 'nasbench101', file);
  const cells = await (file === ECNAS_RECORDS ? readEcnasTable(path) : readEcnasCsv(path));
  return createNasbench101(cells, cells.budgets[0]!, await buildNeighbourGraph(cells.codes), {
    repeats: options.repeats ?? { kind: 'mean' },
    sampler: options.sampler ?? 'classes',
    backend: 'ecnas',
    source: `EC-NAS-Bench's own ${ECNAS_EPOCHS}-epoch trainings (${file}), not NAS-Bench-101's, on the complete sub-space of ${cells.codes.length} cells of at most ${ECNAS_VERTICES} vertices (neighbours outside it are dropped), CIFAR-10`,
  });
}

/**
 * True if EC-NAS-Bench's table may answer: where it was asked for, or `auto` found no official file, of whatever epochs.
 *
 * @throws DatasetError if it was asked for by name with another number of epochs than its own
 */
function fitsEcnas({ dataFolder, epochs }: OpenNasbench101Options, table: Nasbench101Table): boolean {
  if (table === 'ecnas') {
    if (epochs === undefined || epochs === ECNAS_EPOCHS) return true;
    throw new DatasetError(`EC-NAS-Bench's table must be asked for ${ECNAS_EPOCHS} epochs, which is all it has, got ${epochs}`);
  }
  const officialThere = officialSource(dataFolder, MAIN_EPOCHS) !== null || existsSync(mainCachePath(dataFolder));
  return table === 'auto' && !officialThere && (epochs === undefined || epochs === ECNAS_EPOCHS);
}

/**
 * Opens NAS-Bench-101 from the data folder.
 *
 * @throws DatasetError if no file is there (with where to get it), or one is damaged
 * @throws OutOfDomainError if the repeat policy does not fit the table
 */
export async function openNasbench101(options: OpenNasbench101Options): Promise<Nasbench101Benchmark> {
  const table = options.table ?? 'auto';
  const official = table === 'ecnas' ? null : await openOfficial(options);
  if (official !== null) return official;
  const ecnas = fitsEcnas(options, table) ? await openEcnas(options) : null;
  if (ecnas !== null) return ecnas;
  const folder = join(options.dataFolder, 'nasbench101');
  const wanted = options.epochs === undefined || options.epochs === MAIN_EPOCHS ? `${ONLY_108} or ${FULL}` : FULL;
  throw new DatasetError(
    `NAS-Bench-101 needs ${table === 'ecnas' ? `${ECNAS_RECORDS} or ${ECNAS_CSV}` : `${wanted}${table === 'auto' ? ` (or ${ECNAS_RECORDS}, its cells of at most 5 vertices)` : ''}`} in ${folder}, found none; ` +
      '"archwalk data get nasbench101" fetches the official file, ARCHWALK_DATA names another data folder',
  );
}
