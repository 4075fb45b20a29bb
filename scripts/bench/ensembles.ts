/**
 * @file Measures NAS-Bench-301's tree ensembles, one thread, one JSON line a figure: `node dist/scripts/bench/ensembles.js [--peers]`.
 *
 *   nasbench301.ensemble.xgb, .lgb   walks a second: one cell through one tree, from codes to members' sums, batches of 2,048 cells
 *
 * Without --peers it takes the file in the data folder. With it, boosters of the official hyperparameters are trained here (40,000 cells, 2 members;
 * peers/installBoosters.sh) and predict in Python beside ours, turn by turn, on matrices made beforehand. Both by processor time, which a busy machine
 * disturbs least; the predictions must agree to 1e-5.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertEnsembles } from '../../services/cli/data/convertEnsembles.js';
import { ensemblePath, openTrees } from '../../shared/benchmarks/nasbench301/ensemble.js';
import { readEnsembleFile, type EnsembleFile, type TreeEnsembleData } from '../../shared/benchmarks/nasbench301/ensembleFile.js';
import { Rng } from '../../shared/rng.js';
import { randomCells } from '../surrogate/climb.js';
import { boosterPython, officialParams, openBoosterPeer, trainBoosters, writeVectors, type BoosterJob } from './boosters.js';
import { median, report } from './figure.js';

const CELLS = 2_048;
const ROUNDS = 9;
const TRAINING_CELLS = 40_000;
const TOLERANCE = 1e-5;

const jobs: readonly BoosterJob[] = [
  { label: 'xgb_v1.0', model: 'xgb', target: 'accuracy', members: 2, rounds: 150, params: officialParams.xgb },
  { label: 'lgb_v1.0', model: 'lgb', target: 'accuracy', members: 2, rounds: 300, params: officialParams.lgb },
];

const codes = randomCells(CELLS, new Rng(77));

/** Seconds of processor time that `work` takes. */
function processorSeconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** @param folder of the models that Python loads; null without a peer */
async function measure(path: string, data: TreeEnsembleData, file: EnsembleFile, folder: string | null): Promise<void> {
  const trees = openTrees(path, data, file.probeCodes);
  const out = new Float64Array(CELLS * trees.memberCount);
  const ours = (): number => processorSeconds(() => trees.predictMembers(codes, CELLS, out));
  for (let i = 0; i < 3; i++) ours();
  const walks = CELLS * data.treeNodes.length;
  const name = `nasbench301.ensemble.${data.name}`;
  process.stderr.write(`${name}: ${data.treeNodes.length} trees of ${Math.round(data.nodeSplit.length / data.treeNodes.length)} inner nodes\n`);
  if (folder === null) {
    report({ name, value: walks / median(Array.from({ length: ROUNDS }, ours)), unit: '1/s' });
    return;
  }
  const vectors = join(folder, 'cells.f64');
  writeVectors(vectors, codes);
  const peer = openBoosterPeer(boosterPython(), join(folder, data.label), 1);
  const difference = (await peer.predict(vectors)).flatMap((values, member) => values.map((value, cell) => Math.abs(value - (out[member * CELLS + cell] as number)))).reduce((most, value) => Math.max(most, value), 0);
  if (!(difference <= TOLERANCE)) throw new Error(`Python's predictions must equal ours to ${TOLERANCE}, they differ by ${difference}`);
  await peer.time(vectors, 2);
  const theirs: number[] = [];
  const mine: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(...(await peer.time(vectors, 1)));
    mine.push(ours());
  }
  peer.close();
  report({ name, value: walks / median(mine), unit: '1/s', peer: `${data.library}, ${(walks / median(theirs)).toPrecision(4)} 1/s`, ratio: median(theirs) / median(mine) });
}

async function measureAll(path: string, folder: string | null): Promise<void> {
  const file = readEnsembleFile(path);
  for (const data of file.ensembles.filter((one) => one.target === 'validationAccuracy')) await measure(path, data, file, folder);
}

if (process.argv.includes('--peers')) {
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-boosters-'));
  try {
    trainBoosters(boosterPython(), folder, TRAINING_CELLS, jobs);
    await convertEnsembles({ folder, out: join(folder, 'ensembles.safetensors'), python: boosterPython() });
    await measureAll(join(folder, 'ensembles.safetensors'), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  const path = ensemblePath(process.env['ARCHWALK_DATA'] ?? join(homedir(), '.cache', 'archwalk'));
  if (existsSync(path)) await measureAll(path, null);
  else process.stderr.write(`nasbench301.ensemble.* is left out: ${path} not found; --peers trains ensembles of its own\n`);
}
