/**
 * @file NAS-Bench-301 boosters of our own, trained in Python in the official folder layout (peers/nasbench301_boosters.py), and their predictions and
 * speed there. Used by the benchmark and by the test against Python; both need a Python with numpy, xgboost and lightgbm (peers/installBoosters.sh).
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEmbedded } from '../../shared/benchmarks/nasbench301/embedded.js';
import { officialLength, writeOfficialVector } from '../../shared/benchmarks/nasbench301/officialVector.js';
import { packageRoot } from '../../shared/paths.js';
import { Rng } from '../../shared/rng.js';
import { randomCells } from '../surrogate/climb.js';

const script = join(packageRoot, 'scripts', 'bench', 'peers', 'nasbench301_boosters.py');

/** One ensemble to train. */
export interface BoosterJob {
  /** Its folder, e.g. `xgb_v1.0`. */
  readonly label: string;
  readonly model: 'xgb' | 'lgb' | 'xgb_time' | 'lgb_time';
  readonly target: 'accuracy' | 'seconds';
  readonly members: number;
  readonly rounds: number;
  readonly early_stopping_rounds?: number;
  readonly params: Readonly<Record<string, number>>;
}

/** The official models' own hyperparameters (the defaults of the official package's model_configs). */
export const officialParams = {
  xgb: {
    max_depth: 13, min_child_weight: 39, colsample_bytree: 0.2545374925231651, colsample_bylevel: 0.6909224923784677,
    lambda: 31.393252465064943, alpha: 0.24167936088332426, learning_rate: 0.008237525103357958,
  },
  lgb: {
    max_depth: 18, num_leaves: 40, max_bin: 336, feature_fraction: 0.1531795056267644, min_child_weight: 0.582192788716,
    lambda_l1: 0.011489772418204284, lambda_l2: 134.50743557010372, learning_rate: 0.02182249761978233,
  },
  lgbTime: {
    max_depth: 1, num_leaves: 41, max_bin: 191, feature_fraction: 0.7457657692355696, min_child_weight: 0.002110174505705305,
    lambda_l1: 25.145905145743484, lambda_l2: 35.76663837955119, learning_rate: 0.08945625601773907,
  },
} as const;

/** The Python of the boosters. */
export function boosterPython(): string {
  return process.env['ARCHWALK_PEER_PYTHON'] ?? join(packageRoot, '.deps', 'boosters', 'bin', 'python');
}

/** True if that Python has what the boosters need. */
export function hasBoosters(python: string): boolean {
  return spawnSync(python, ['-c', 'import numpy, xgboost, lightgbm']).status === 0;
}

/** Writes vectors f64 [count, 56] as the script reads them. */
export function writeRawVectors(path: string, vectors: Float64Array): void {
  writeFileSync(path, new Uint8Array(vectors.buffer));
}

/** Writes the official vectors of `codes` [count, 2], as the script reads them. */
export function writeVectors(path: string, codes: Uint32Array): void {
  const vectors = new Float64Array((codes.length / 2) * officialLength);
  for (let i = 0; i < codes.length / 2; i++) writeOfficialVector(codes, 2 * i, vectors, i * officialLength);
  writeRawVectors(path, vectors);
}

/**
 * Trains ensembles on `cells` random cells: accuracies by the embedded surrogate plus noise of 0.17 points, like a training's own; seconds made of them.
 * @throws Error with Python's words
 */
export function trainBoosters(python: string, folder: string, cells: number, ensembles: readonly BoosterJob[]): void {
  mkdirSync(folder, { recursive: true });
  const rng = new Rng(8);
  const codes = randomCells(cells, rng);
  const accuracies = new Float64Array(cells);
  openEmbedded().predict(codes, cells, accuracies);
  const percents = accuracies.map((accuracy) => 100 * accuracy + 0.17 * rng.normal());
  const seconds = percents.map((percent) => 4_000 + 900 * (percent - 90) + 200 * rng.normal());
  const file = (name: string, write: (path: string) => void): string => {
    const path = join(folder, name);
    write(path);
    return path;
  };
  const job = {
    vectors: file('vectors.f64', (path) => writeVectors(path, codes)),
    targets: {
      accuracy: file('accuracy.f64', (path) => writeFileSync(path, new Uint8Array(percents.buffer))),
      seconds: file('seconds.f64', (path) => writeFileSync(path, new Uint8Array(seconds.buffer))),
    },
    ensembles,
  };
  // One thread: threads that wait for each other at every split are slow on a busy machine, and the trees do not depend on their number.
  const run = spawnSync(python, [script, 'train', folder], { input: JSON.stringify(job), encoding: 'utf8', maxBuffer: 1e8, env: { ...process.env, OMP_NUM_THREADS: '1' } });
  if (run.status !== 0) throw new Error(`the boosters must train, got: ${run.stderr.slice(-2_000)}`);
}

/** An ensemble loaded in Python. */
export interface BoosterPeer {
  /** Each member's predictions of the vectors in a file. */
  predict(vectors: string): Promise<readonly (readonly number[])[]>;
  /** Seconds of one prediction of all members, once a round. */
  time(vectors: string, rounds: number): Promise<readonly number[]>;
  close(): void;
}

/** Loads the ensemble in `folder`; it predicts on `threads` threads. */
export function openBoosterPeer(python: string, folder: string, threads: number): BoosterPeer {
  const child = spawn(python, [script, 'predict', folder, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, OMP_NUM_THREADS: String(threads) } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (command: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const answer: IteratorResult<string, unknown> = await lines.next();
    if (answer.done === true) throw new Error('the booster peer must answer, it ended');
    return JSON.parse(answer.value) as unknown;
  };
  return {
    predict: async (vectors) => ((await ask({ vectors })) as { predictions: number[][] }).predictions,
    time: async (vectors, rounds) => ((await ask({ vectors, rounds })) as { seconds: number[] }).seconds,
    close: () => child.stdin.end(),
  };
}

/** Small ensembles of each kind: what the tests' committed file holds, and what the test against Python trains. */
export const smallJobs: readonly BoosterJob[] = [
  { label: 'xgb_v1.0', model: 'xgb', target: 'accuracy', members: 3, rounds: 40, params: { ...officialParams.xgb, max_depth: 6, learning_rate: 0.1 } },
  { label: 'lgb_v1.0', model: 'lgb', target: 'accuracy', members: 3, rounds: 60, early_stopping_rounds: 5, params: { ...officialParams.lgb, num_leaves: 16, learning_rate: 0.3 } },
  { label: 'lgb_runtime_v1.0', model: 'lgb_time', target: 'seconds', members: 2, rounds: 40, params: officialParams.lgbTime },
];
