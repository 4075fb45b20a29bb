/**
 * @file `make surrogate`: distils the embedded NAS-Bench-301 surrogate from calibrated YAHPO at epoch 98 and writes its weights.
 *
 * The teacher labels random cells and all cells that local searches on it ask for. Then rounds: searches on the student find
 * where its error pays them, the teacher labels where they went and ended, and training goes on. Deterministic by seed on one
 * machine and library. Needs ARCHWALK_DATA (or ARCHWALK_TEST_DATA) with nasbench301/yahpo_surrogate_v1.onnx.
 */
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Nasbench301Backend } from '../../shared/benchmarks/nasbench301/benchmark.js';
import { EmbeddedSurrogate, surrogatePath } from '../../shared/benchmarks/nasbench301/embedded.js';
import { decodeSurrogate, encodeSurrogate } from '../../shared/benchmarks/nasbench301/surrogateFile.js';
import { openYahpo } from '../../shared/benchmarks/nasbench301/yahpo.js';
import { loadTensorflow } from '../../shared/engine/tensorflow.js';
import { Rng } from '../../shared/rng.js';
import { CellSet } from './cellSet.js';
import { climb, climbLong, perturb, randomCells } from './climb.js';
import { errorOf, fidelity } from './measure.js';
import { Student } from './student.js';
import { trainStage } from './train.js';

const seed = Number(process.env['SURROGATE_SEED'] ?? 1);
/** Scales cells and steps, for a quick look. */
const effort = Number(process.env['SURROGATE_EFFORT'] ?? 1);
const output = process.env['SURROGATE_OUT'] ?? surrogatePath;
const dataFolder = process.env['ARCHWALK_TEST_DATA'] ?? process.env['ARCHWALK_DATA'] ?? join(homedir(), '.cache', 'archwalk');
const rounds = 4;
const started = performance.now();

const say = (line: string): void => console.error(`[${((performance.now() - started) / 1000).toFixed(0)} s] ${line}`);
const some = (count: number): number => Math.max(64, Math.round(count * effort));
/** Cells that a search would reach count more. */
const weightOf = (accuracy: number): number => (accuracy >= 94.8 ? 4 : accuracy >= 94.3 ? 2 : 1);

/** Random cells, what local searches on the teacher ask for, and that moved a few steps aside. */
function firstCells(teacher: Nasbench301Backend, rng: Rng): CellSet {
  const cells = new CellSet();
  const random = some(250_000);
  cells.label(teacher, randomCells(random, rng), random);
  say(`${cells.size} random cells`);
  climb(teacher, randomCells(some(320), rng), rng, { chunk: 8, maxMoves: Infinity, onAsked: (codes, count, accuracies) => void cells.add(codes, count, accuracies) });
  say(`${cells.size} cells with those asked by local searches on the teacher`);
  return cells;
}

/** Cells that searches for the student's greatest error, over and under, ask for, of which every third is kept, and near where they end. */
function harvestErrors(student: EmbeddedSurrogate, teacher: Nasbench301Backend, cells: CellSet, rng: Rng): void {
  const before = cells.size;
  for (const sign of [1, -1] as const) {
    const visited: number[] = [];
    const ends = randomCells(some(96), rng);
    const onAsked = (codes: Uint32Array, count: number): void => {
      for (let i = 0; i < count; i++) if (rng.int(3) === 0) visited.push(codes[2 * i] as number, codes[2 * i + 1] as number);
    };
    climb(errorOf(student, teacher, sign), ends, rng, { chunk: 8, maxMoves: Infinity, onAsked });
    cells.label(teacher, Uint32Array.from(visited), visited.length / 2);
    for (const moves of [1, 2, 3]) {
      const near = ends.slice();
      perturb(near, moves, rng);
      cells.label(teacher, near, near.length / 2);
    }
  }
  say(`${cells.size} cells with ${cells.size - before} of searches for the student's error`);
}

/** Cells where searches on the student went and ended, and near them, labelled by the teacher. */
function harvest(student: EmbeddedSurrogate, teacher: Nasbench301Backend, cells: CellSet, rng: Rng): void {
  const visited: number[] = [];
  const onAsked = (codes: Uint32Array, count: number): void => {
    for (let i = 0; i < count; i++) if (rng.int(12) === 0) visited.push(codes[2 * i] as number, codes[2 * i + 1] as number);
  };
  const ends = randomCells(some(384), rng);
  climb(student, ends, rng, { chunk: 8, maxMoves: Infinity, onAsked });
  const long = randomCells(some(64), rng);
  climbLong(student, long, 6, rng, { chunk: 8, maxMoves: Infinity, onAsked });
  const take = (codes: Uint32Array): number => cells.label(teacher, codes, codes.length / 2);
  const counts = [take(Uint32Array.from(visited)), take(ends), take(long)];
  for (const moves of [1, 2, 3, 5]) {
    for (let copy = 0; copy < 6; copy++) {
      const near = ends.slice();
      perturb(near, moves, rng);
      take(near);
    }
  }
  say(`${cells.size} cells with those of searches on the student (new on the way, ends, long ends: ${counts.join(', ')})`);
}

const tf = await loadTensorflow({ threads: 2, device: 'cpu', bf16: false });
const teacher = openYahpo(dataFolder);
const rng = new Rng(seed);
const cells = firstCells(teacher, rng.split('cells'));
const student = new Student(tf, rng.split('weights'));
const origin = (): string => `distilled from calibrated YAHPO at epoch 98 on ${cells.size} cells, seed ${seed}`;
/** The student as its file will have it, rounded to half precision. */
const current = (): EmbeddedSurrogate => {
  const { weights, origin: words } = decodeSurrogate(encodeSurrogate(student.weights(), origin()));
  return new EmbeddedSurrogate(weights, words);
};
for (let round = 0; round <= rounds; round++) {
  const steps = round === 0 ? some(2_600) : round === rounds ? some(2_400) : some(700);
  const learningRate = round === 0 ? 3e-3 : 1.5e-3;
  trainStage(tf, student, cells, rng.split('stage', round), { steps, batch: 2048, learningRate, weightOf, onProgress: say });
  writeFileSync(output, encodeSurrogate(student.weights(), origin()));
  for (const [what, summary] of Object.entries(fidelity(current(), teacher, 1_000_000 + round, some(round === rounds ? 512 : 64), 20_000))) say(`round ${round}, ${what}: ${JSON.stringify(summary)}`);
  if (round === rounds) break;
  harvest(current(), teacher, cells, rng.split('harvest', round));
  harvestErrors(current(), teacher, cells, rng.split('errors', round));
}
