/**
 * @file NAS-Bench-201 as a benchmark: the complete table of one of its three data sets. Isomorphic cells are distinct rows
 * (they were trained separately); `countIsomorphic: 'once'` counts their queries as one. The CIFAR-10 table is the
 * cifar10-valid setting: trained on half of the training set, validated on the other half.
 */
import { join } from 'node:path';
import { requireFile } from '../dataFile.js';
import type { Benchmark } from '../types.js';
import { operationOf } from './architecture.js';
import { isomorphismRepresentatives } from './isomorphism.js';
import { nasbench201Space } from './space.js';
import { readNasbench201Table, type Nasbench201Table } from './table.js';

export const nasbench201Datasets = ['cifar10', 'cifar100', 'ImageNet16-120'] as const;
export type Nasbench201Dataset = (typeof nasbench201Datasets)[number];

const classCounts: Readonly<Record<Nasbench201Dataset, number>> = { cifar10: 10, cifar100: 100, 'ImageNet16-120': 120 };
const settings: Readonly<Record<Nasbench201Dataset, string>> = {
  cifar10: 'CIFAR-10 in the cifar10-valid setting (trained on 25,000 images, so its test accuracies are not those of published CIFAR-10 rows)',
  cifar100: 'CIFAR-100',
  'ImageNet16-120': 'ImageNet16-120',
};

const COUNTING = {
  each: 'isomorphic cells are rows and queries of their own',
  once: 'isomorphic cells are rows of their own and count as one query',
} as const;

/**
 * Trainable parameters of the network of 3 stages of 5 cells at 16, 32 and 64 channels (C = 16, N = 5): a k x k convolution
 * of C channels has k^2 C^2 + 2C with its batch norm; stem, reduction blocks, last norm and classifier are the same for all.
 */
export function nasbench201Parameters(code: number, classes: number): number {
  let total = 464 + 14_464 + 57_600 + 128 + 65 * classes;
  for (let edge = 0; edge < 6; edge++) {
    const operation = operationOf(code, edge);
    const area = operation === 2 ? 1 : operation === 3 ? 9 : 0;
    if (area > 0) for (const channels of [16, 32, 64]) total += 5 * (area * channels * channels + 2 * channels);
  }
  return total;
}

/** The benchmark over a table already read. */
export function nasbench201Benchmark(dataset: Nasbench201Dataset, table: Nasbench201Table, countIsomorphic: 'each' | 'once' = 'each'): Benchmark {
  const representatives = countIsomorphic === 'once' ? isomorphismRepresentatives() : null;
  const fill = (values: Float64Array) => (codes: Uint32Array, count: number, out: Float64Array): void => {
    for (let i = 0; i < count; i++) out[i] = values[codes[i] as number] as number;
  };
  return {
    description: {
      name: 'nasbench201',
      dataset,
      backend: 'table',
      provenance: `NAS-Bench-201 table, ${settings[dataset]}, 200 epochs, mean over seeds; ${COUNTING[countIsomorphic]}`,
      sampler: 'uniformly over the 15,625 rows',
      settings: { countIsomorphic },
    },
    space: nasbench201Space,
    optimum: {
      validationAccuracy: table.validationAccuracies.reduce((best, value) => Math.max(best, value), 0),
      testAccuracy: table.testAccuracies.reduce((best, value) => Math.max(best, value), 0),
    },
    hasTestAccuracy: true,
    holds: nasbench201Space.contains,
    randomCode: nasbench201Space.randomCode,
    neighbours: nasbench201Space.neighbours,
    validationAccuracies: fill(table.validationAccuracies),
    testAccuracies: fill(table.testAccuracies),
    queryKey: (codes, offset) => {
      const code = codes[offset] as number;
      return representatives === null ? code : (representatives[code] as number);
    },
    parameters: (codes, offset) => nasbench201Parameters(codes[offset] as number, classCounts[dataset]),
  };
}

/**
 * Reads the table of `dataset` from the data folder.
 * @throws DatasetError if the file is missing or damaged
 */
export async function openNasbench201(dataset: Nasbench201Dataset, dataFolder: string, countIsomorphic: 'each' | 'once' = 'each'): Promise<Benchmark> {
  const path = join(dataFolder, 'nasbench201', `nasbench201_${dataset}.csv.gz`);
  requireFile(path, 'nasbench201', `the NAS-Bench-201 table of ${dataset}`);
  return nasbench201Benchmark(dataset, await readNasbench201Table(path), countIsomorphic);
}
