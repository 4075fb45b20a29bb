/** @file The doctor's look at the data folder: which benchmarks' files are there. NAS-Bench-301 needs none: its surrogate is in the package. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openBenchmark } from '../../../shared/benchmarks/registry.js';
import { Rng } from '../../../shared/rng.js';
import { failed, type Finding, messageOf, ok, warning } from './finding.js';

interface DataSet {
  readonly check: string;
  /** What `archwalk data get` calls it. */
  readonly name: string;
  /** Any one of these suffices, relative to the data folder. */
  readonly files: readonly string[];
}

const DATA_SETS: readonly DataSet[] = [
  ...['cifar10', 'cifar100', 'ImageNet16-120'].map((dataset) => ({ check: `nasbench201 ${dataset}`, name: 'nasbench201', files: [`nasbench201/nasbench201_${dataset}.csv.gz`] })),
  { check: 'nasbench101', name: 'nasbench101', files: ['nasbench_only108.tfrecord', 'nasbench_full.tfrecord', 'nasbench101_108.archwalk', 'ecnas_energy_5V9E.tfrecord', 'ecnas_5v9e_4epochs.csv.gz'].map((file) => `nasbench101/${file}`) },
  { check: 'nasbench301 yahpo', name: 'nasbench301', files: ['nasbench301/yahpo_surrogate_v1.onnx'] },
];

/** @param folder ARCHWALK_DATA */
export async function dataFindings(folder: string): Promise<Finding[]> {
  return [await embeddedFinding(folder), ...DATA_SETS.map((dataSet) => fileFinding(folder, dataSet))];
}

function fileFinding(folder: string, { check, name, files }: DataSet): Finding {
  const there = files.map((file) => join(folder, file)).filter((path) => existsSync(path));
  if (there.length === 0) return warning(check, `not in ${folder}`, `archwalk data get ${name}, or set ARCHWALK_DATA to the folder that has it; other benchmarks work without`);
  const empty = there.find((path) => statSync(path).size === 0);
  if (empty !== undefined) return failed(check, `${empty} is empty`, `archwalk data get ${name}`);
  return ok(check, there.map((path) => `${path} (${(statSync(path).size / 1e6).toFixed(1)} MB)`).join(', '));
}

/** Asks the surrogate in the package for one architecture. */
async function embeddedFinding(dataFolder: string): Promise<Finding> {
  const check = 'nasbench301 embedded';
  try {
    const benchmark = await openBenchmark({ name: 'nasbench301', dataset: 'cifar10', backend: 'embedded', dataFolder });
    const { codeWords } = benchmark.space;
    const codes = new Uint32Array(codeWords);
    benchmark.randomCode(new Rng(1), codes, 0);
    const accuracy = new Float64Array(1);
    benchmark.validationAccuracies(codes, 1, accuracy);
    return ok(check, `in the package; a random cell has ${((accuracy[0] ?? Number.NaN) * 100).toFixed(2)} % validation accuracy`);
  } catch (error) {
    return failed(check, messageOf(error), 'the package is incomplete: install it again');
  }
}
