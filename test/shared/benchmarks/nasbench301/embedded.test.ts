import { statSync } from 'node:fs';
import { sampleRankCorrelation } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { openEmbedded, surrogatePath, surrogateRows } from '../../../../shared/benchmarks/nasbench301/embedded.js';
import { decodeCell, newDecodedCell, pairIndices } from '../../../../shared/benchmarks/nasbench301/cellCode.js';
import { openYahpo } from '../../../../shared/benchmarks/nasbench301/yahpo.js';
import { DatasetError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';
import { randomCells } from '../../../../scripts/surrogate/climb.js';
import { fidelity } from '../../../../scripts/surrogate/measure.js';
import { testDataFolder } from '../../../testData.js';
import { naslibCells } from './naslibCells.js';

const folder = testDataFolder();

describe('the embedded surrogate', () => {
  it('takes one table row a node: 49, 147, 294, 490 of them, then as many for the reduction cell', () => {
    const codes = randomCells(2_000, new Rng(1));
    const cell = newDecodedCell();
    const rows = new Int32Array(8);
    for (let i = 0; i < 2_000; i++) {
      surrogateRows(codes, 2 * i, rows, 0);
      const slow = [0, 1].flatMap((side) => {
        decodeCell(codes[2 * i + side] as number, cell);
        return [0, 49, 196, 490].map((first, node) => {
          const pair = pairIndices[cell.pairing * 4 + node] as number;
          return 980 * side + first + 49 * pair + 7 * (cell.operations[2 * node] as number) + (cell.operations[2 * node + 1] as number);
        });
      });
      if (rows.join() !== slow.join()) expect([...rows]).toEqual(slow);
    }
  });

  it('answers a batch as it answers one by one', () => {
    const surrogate = openEmbedded();
    const codes = randomCells(517, new Rng(2));
    const batch = new Float64Array(517);
    const single = new Float64Array(1);
    surrogate.predict(codes, 517, batch);
    for (let i = 0; i < 517; i++) {
      surrogate.predict(codes.subarray(2 * i, 2 * i + 2), 1, single);
      if (single[0] !== batch[i]) expect(single[0]).toBe(batch[i]);
    }
  });

  it('is at most 1.5 MB', () => expect(statSync(surrogatePath).size).toBeLessThanOrEqual(1_500_000));

  it('takes at most 50 ms of processor time for 1,024 cells', () => {
    const surrogate = openEmbedded();
    const codes = randomCells(1_024, new Rng(3));
    const out = new Float64Array(1_024);
    const ask = (times: number): void => {
      for (let i = 0; i < times; i++) surrogate.predict(codes, 1_024, out);
    };
    ask(10);
    const before = process.cpuUsage();
    ask(20);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000 / 20).toBeLessThanOrEqual(50);
  });

  it('says what is missing or damaged', () => {
    expect(() => openEmbedded('/nowhere/surrogate.msgpack')).toThrow(DatasetError);
    expect(() => openEmbedded('/nowhere/surrogate.msgpack')).toThrow('must lie at /nowhere/surrogate.msgpack, not found; make it with "make surrogate"');
  });
});

describe.skipIf(folder === null)('the embedded surrogate against calibrated YAHPO, on cells no training saw', () => {
  it('is faithful at random, at the top, and where searches on it end', { timeout: 240_000 }, () => {
    const { random, top, descents, bestOfRestarts, longSearches, aroundDescents, worst } = fidelity(openEmbedded(), openYahpo(folder as string), 20_241_124, 32, 5_000);
    expect(random?.spearman).toBeGreaterThanOrEqual(0.999);
    expect(random?.rmse).toBeLessThanOrEqual(0.03);
    expect(top?.cells).toBeGreaterThan(1_000);
    expect(Math.abs(top?.meanError as number)).toBeLessThanOrEqual(0.01);
    expect(top?.rmse).toBeLessThanOrEqual(0.02);
    for (const ends of [descents, bestOfRestarts, longSearches, aroundDescents]) {
      expect(ends?.meanError).toBeLessThanOrEqual(0.01);
      expect(ends?.rmse).toBeLessThanOrEqual(0.02);
    }
    // Its optimum is real: what searches on it find is as good as what searches on YAHPO itself find, 95.286.
    expect(descents?.accuracy).toBeGreaterThan(95.27);
    expect(longSearches?.accuracy).toBeGreaterThan(95.28);
    expect(worst?.worst).toBeLessThan(1);
  });

  it('ranks NASLib\'s 725 real values at 0.88 or better', () => {
    const cells = naslibCells(folder as string);
    const out = new Float64Array(cells.length);
    openEmbedded().predict(Uint32Array.from(cells.flatMap(({ code }) => [...code])), cells.length, out);
    expect(sampleRankCorrelation([...out], cells.map(({ accuracy }) => accuracy))).toBeGreaterThanOrEqual(0.88);
  });
});
