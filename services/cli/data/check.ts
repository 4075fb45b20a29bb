/** @file Reads a data file with the reader that the benchmark itself uses, and says what it found. */
import { join } from 'node:path';
import { nasbench201Datasets } from '../../../shared/benchmarks/nasbench201/benchmark.js';
import { readNasbench201Table } from '../../../shared/benchmarks/nasbench201/table.js';
import { openTrees } from '../../../shared/benchmarks/nasbench301/ensemble.js';
import { readEnsembleFile } from '../../../shared/benchmarks/nasbench301/ensembleFile.js';
import { openNasbench301 } from '../../../shared/benchmarks/nasbench301/open.js';
import { readEcnasCsv, readEcnasTable, readOfficialTable } from '../../../shared/benchmarks/nasbench101/readTable.js';
import type { CellTable } from '../../../shared/benchmarks/nasbench101/table.js';
import { MAIN_EPOCHS, readBudgetCache, readMainCache } from '../../../shared/benchmarks/nasbench101/tableCache.js';

/** Called with what is being read, how far, and its whole. */
export type CheckProgress = (what: string, done: number, total: number) => void;

/** A whole reading of one file; resolves to a line on what it holds. @throws DatasetError where it is damaged */
export type Check = (dataFolder: string, path: string, onProgress: CheckProgress) => Promise<string>;

function describe(table: CellTable): string {
  return `${table.codes.length} cells, ${table.budgets[0]?.repeats ?? 0} repeats, epochs ${table.budgets.map(({ epochs }) => epochs).join(', ')}, every hash as it must be`;
}

const official: Check = async (dataFolder, path, onProgress) => describe(await readOfficialTable(join(dataFolder, path), (done, total) => onProgress(path, done, total)));

const mainCache: Check = async (dataFolder) => {
  const { cells, graph, source } = await readMainCache(dataFolder);
  return `cache of ${source.file}: ${cells.codes.length} cells, ${MAIN_EPOCHS} epochs, ${graph.neighbours.length} neighbours`;
};

const budgetsCache: Check = async (dataFolder) => {
  const { cells } = await readMainCache(dataFolder);
  const budgets = [4, 12, 36];
  for (const epochs of budgets) await readBudgetCache(dataFolder, epochs, cells.codes);
  return `cache of epochs ${budgets.join(', ')}`;
};

const yahpo = (dataFolder: string): string => {
  const benchmark = openNasbench301('yahpo', dataFolder);
  const accuracy = new Float64Array(1);
  benchmark.validationAccuracies(new Uint32Array(benchmark.space.codeWords), 1, accuracy);
  return `surrogate; the first architecture has ${((accuracy[0] ?? NaN) * 100).toFixed(2)} % validation accuracy`;
};

const ensembles = (path: string): string => {
  const file = readEnsembleFile(path);
  for (const one of file.ensembles) openTrees(path, one, file.probeCodes);
  return `${file.ensembles.map(({ label, members }) => `${label} of ${members.length} members`).join(', ')}; probe cells answered as the boosters did`;
};

/** By path in the data folder: every file that archwalk reads there. */
export const CHECKS: Readonly<Record<string, Check>> = {
  'nasbench101/nasbench_only108.tfrecord': official,
  'nasbench101/nasbench_full.tfrecord': official,
  'nasbench101/nasbench101_108.archwalk': mainCache,
  'nasbench101/nasbench101_budgets.archwalk': budgetsCache,
  'nasbench101/ecnas_energy_5V9E.tfrecord': async (dataFolder, path) => describe(await readEcnasTable(join(dataFolder, path))),
  'nasbench101/ecnas_5v9e_4epochs.csv.gz': async (dataFolder, path) => describe(await readEcnasCsv(join(dataFolder, path))),
  ...Object.fromEntries(
    nasbench201Datasets.map((dataset): [string, Check] => [
      `nasbench201/nasbench201_${dataset}.csv.gz`,
      async (dataFolder, path) => `${(await readNasbench201Table(join(dataFolder, path))).validationAccuracies.length} cells`,
    ]),
  ),
  'nasbench301/yahpo_surrogate_v1.onnx': (dataFolder) => Promise.resolve().then(() => yahpo(dataFolder)),
  'nasbench301/ensembles.safetensors': async (dataFolder, path) => ensembles(join(dataFolder, path)),
};
