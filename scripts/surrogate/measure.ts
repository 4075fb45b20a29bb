/** @file How faithful a surrogate is to its teacher: the figures of docs/nasbench301.md, on fresh cells of a seed of their own. */
import { sampleRankCorrelation, rootMeanSquare, mean } from 'simple-statistics';
import type { Nasbench301Backend } from '../../shared/benchmarks/nasbench301/benchmark.js';
import { Rng } from '../../shared/rng.js';
import { climb, climbLong, perturb, randomCells } from './climb.js';

/** Errors are student minus teacher, in points of accuracy. */
export interface ErrorSummary {
  readonly cells: number;
  readonly meanError: number;
  readonly rmse: number;
  readonly worst: number;
  readonly spearman: number;
  /** Mean accuracy of the cells by the teacher, percent. */
  readonly accuracy: number;
}

function accuraciesOf(backend: Nasbench301Backend, codes: Uint32Array): Float64Array {
  const out = new Float64Array(codes.length / 2);
  backend.predict(codes, out.length, out);
  return out;
}

export function compare(student: Nasbench301Backend, teacher: Nasbench301Backend, codes: Uint32Array): ErrorSummary {
  const predicted = Array.from(accuraciesOf(student, codes), (value) => 100 * value);
  const wanted = Array.from(accuraciesOf(teacher, codes), (value) => 100 * value);
  const errors = predicted.map((value, i) => value - (wanted[i] as number));
  return {
    cells: errors.length,
    meanError: mean(errors),
    rmse: rootMeanSquare(errors),
    worst: errors.reduce((worst, error) => Math.max(worst, Math.abs(error)), 0),
    spearman: sampleRankCorrelation(predicted, wanted),
    accuracy: mean(wanted),
  };
}

/** A surrogate of the error itself, student minus teacher, or its negative: climbing it leads to where the student is most wrong. */
export function errorOf(student: Nasbench301Backend, teacher: Nasbench301Backend, sign: 1 | -1): Nasbench301Backend {
  return {
    name: 'error',
    provenance: `${student.name} minus ${teacher.name}`,
    predict: (codes, count, out) => {
      const wanted = new Float64Array(count);
      teacher.predict(codes, count, wanted);
      student.predict(codes, count, out);
      for (let i = 0; i < count; i++) out[i] = sign * ((out[i] as number) - (wanted[i] as number));
    },
  };
}

/** Where climbs of the error itself end, over- and underestimates, uint32 [2 * walkers, 2]. */
export function worstCells(student: Nasbench301Backend, teacher: Nasbench301Backend, walkers: number, rng: Rng): Uint32Array {
  const ends = ([1, -1] as const).map((sign) => {
    const codes = randomCells(walkers, rng);
    climb(errorOf(student, teacher, sign), codes, rng, { chunk: 8, maxMoves: Infinity });
    return codes;
  });
  return Uint32Array.from(ends.flatMap((codes) => [...codes]));
}

/** Every cell at or above 95.0 percent by the teacher that `walkers` local searches on it ask for, uint32 [*, 2]; a third of them, to thin near twins. */
export function topCells(teacher: Nasbench301Backend, walkers: number, rng: Rng): Uint32Array {
  const found: number[] = [];
  climb(teacher, randomCells(walkers, rng), rng, {
    chunk: 8,
    maxMoves: Infinity,
    onAsked: (codes, count, accuracies) => {
      for (let i = 0; i < count; i++) if ((accuracies[i] as number) >= 0.95 && rng.int(3) === 0) found.push(codes[2 * i] as number, codes[2 * i + 1] as number);
    },
  });
  return Uint32Array.from(found);
}

/** Where searches on `student` end: short first-improvement descents, the best of restarts, and long perturbed ones. */
export function endpointsOn(student: Nasbench301Backend, walkers: number, rng: Rng): Readonly<Record<'descents' | 'bestOfRestarts' | 'longSearches', Uint32Array>> {
  const options = { chunk: 8, maxMoves: Infinity };
  const descents = randomCells(walkers, rng);
  const accuracies = climb(student, descents, rng, options);
  const best: number[] = [];
  for (let group = 0; group + 16 <= walkers; group += 16) {
    let winner = group;
    for (let i = group; i < group + 16; i++) if ((accuracies[i] as number) > (accuracies[winner] as number)) winner = i;
    best.push(descents[2 * winner] as number, descents[2 * winner + 1] as number);
  }
  const longSearches = randomCells(Math.ceil(walkers / 8), rng);
  climbLong(student, longSearches, 10, rng, options);
  return { descents, bestOfRestarts: Uint32Array.from(best), longSearches };
}

/** All figures at once. @param seed of cells that no training saw; walkers of each search; randomCount of random cells */
export function fidelity(student: Nasbench301Backend, teacher: Nasbench301Backend, seed: number, walkers: number, randomCount: number): Readonly<Record<string, ErrorSummary>> {
  const rng = new Rng(seed);
  const ends = endpointsOn(student, walkers, rng.split('ends'));
  const around = ends.descents.slice();
  perturb(around, 2, rng.split('around'));
  return {
    random: compare(student, teacher, randomCells(randomCount, rng.split('random'))),
    top: compare(student, teacher, topCells(teacher, walkers, rng.split('top'))),
    descents: compare(student, teacher, ends.descents),
    bestOfRestarts: compare(student, teacher, ends.bestOfRestarts),
    longSearches: compare(student, teacher, ends.longSearches),
    aroundDescents: compare(student, teacher, around),
    worst: compare(student, teacher, worstCells(student, teacher, Math.ceil(walkers / 8), rng.split('worst'))),
  };
}
