import { describe, expect, it } from 'vitest';
import { CellSet } from '../../../scripts/surrogate/cellSet.js';
import { climb, climbLong, perturb, randomCells } from '../../../scripts/surrogate/climb.js';
import { errorOf } from '../../../scripts/surrogate/measure.js';
import type { Nasbench301Backend } from '../../../shared/benchmarks/nasbench301/benchmark.js';
import { nasbench301Space } from '../../../shared/benchmarks/nasbench301/space.js';
import { Rng } from '../../../shared/rng.js';

/** Accuracy = share of `skip_connect` among the 16 operations: one optimum in operations, flat in inputs. */
const skips: Nasbench301Backend = {
  name: 'skips',
  provenance: 'test',
  predict: (codes, count, out) => {
    const ids = new Uint16Array(16);
    for (let i = 0; i < count; i++) {
      nasbench301Space.featureIds(codes, 2 * i, ids, 0);
      out[i] = ids.reduce((sum, id) => sum + (id % 7 === 2 ? 1 : 0), 0) / 16;
    }
  },
};

describe('many local searches at once', () => {
  it('end where no neighbour is better', () => {
    const rng = new Rng(1);
    const starts = randomCells(9, rng);
    expect([...climb(skips, starts, rng, { chunk: 7, maxMoves: Infinity })]).toEqual(Array(9).fill(1));
    const check = new Float64Array(9);
    skips.predict(starts, 9, check);
    expect([...check]).toEqual(Array(9).fill(1));
  });

  it('stop after the moves given, one improvement each, and show every cell asked', () => {
    const rng = new Rng(2);
    const starts = randomCells(5, rng);
    const before = new Float64Array(5);
    skips.predict(starts, 5, before);
    let asked = 0;
    const after = climb(skips, starts, rng, { chunk: 1, maxMoves: 2, onAsked: (_, count) => { asked += count; } });
    expect([...after].map((value, i) => Math.round(16 * (value - (before[i] as number))))).toEqual(Array(5).fill(2));
    expect(asked).toBeGreaterThanOrEqual(5 + 10);
  });

  it('keep the best when they go on, and are the same by seed', () => {
    const run = (): Uint32Array => {
      const starts = randomCells(4, new Rng(3));
      expect([...climbLong(skips, starts, 3, new Rng(4), { chunk: 8, maxMoves: Infinity })]).toEqual([1, 1, 1, 1]);
      return starts;
    };
    expect(run()).toEqual(run());
  });

  it('are perturbed to neighbours', () => {
    const codes = Uint32Array.of(0, 0);
    perturb(codes, 1, new Rng(5));
    const around = new Uint32Array(240);
    nasbench301Space.neighbours(Uint32Array.of(0, 0), 0, around);
    expect(Array.from({ length: 120 }, (_, i) => `${around[2 * i]},${around[2 * i + 1]}`)).toContain(codes.join());
  });

  it('climb the error of one surrogate against another', () => {
    const half: Nasbench301Backend = { ...skips, predict: (codes, count, out) => { skips.predict(codes, count, out); out.forEach((value, i) => { out[i] = value / 2; }); } };
    const ends = climb(errorOf(half, skips, -1), randomCells(3, new Rng(6)), new Rng(7), { chunk: 8, maxMoves: Infinity });
    expect([...ends]).toEqual([0.5, 0.5, 0.5]); // 1 - 1/2, at the optimum of `skips`
  });
});

describe('a set of labelled cells', () => {
  it('holds each cell once, past its first room, with its label in percent', () => {
    const set = new CellSet();
    const codes = randomCells(70_000, new Rng(8));
    expect(set.label(skips, codes, 70_000)).toBe(set.size);
    expect(set.label(skips, codes, 70_000)).toBe(0);
    expect(set.add(Uint32Array.of(0, 0), 1, Float64Array.of(0.25))).toBe(1);
    expect(set.labels[set.size - 1]).toBe(25);
    expect([...set.codes.subarray(2 * set.size - 2)]).toEqual([0, 0]);
    expect([...set.codes.subarray(0, 2)]).toEqual([...codes.subarray(0, 2)]);
  });
});
