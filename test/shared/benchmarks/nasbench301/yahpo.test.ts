import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { sampleRankCorrelation } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { toYahpoVector } from '../../../../shared/benchmarks/nasbench301/configuration.js';
import { calibrate, openYahpo } from '../../../../shared/benchmarks/nasbench301/yahpo.js';
import { DatasetError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';
import { randomCells } from '../../../../scripts/surrogate/climb.js';
import { testDataFolder } from '../../../testData.js';
import { naslibCells } from './naslibCells.js';

const folder = testDataFolder();

describe.skipIf(folder === null)('the YAHPO surrogate', () => {
  it('equals the 24 reference predictions to 1e-4 points', () => {
    const { vectors } = JSON.parse(readFileSync(join(folder as string, 'nasbench301', 'reference_predictions.json'), 'utf8')) as {
      vectors: { x_cat: number[]; epoch: number; v1: [number, number] }[];
    };
    const surrogate = openYahpo(folder as string);
    const out = new Float64Array(1);
    expect(vectors).toHaveLength(24);
    for (const { x_cat: categories, epoch, v1 } of vectors) {
      surrogate.predictVectors(Int32Array.from(categories), 1, epoch, out);
      expect(Math.abs((out[0] as number) - v1[0])).toBeLessThan(1e-4);
    }
  });

  it('equals ONNX Runtime on 100 random cells, in one batch that is no multiple of anything', async () => {
    const codes = randomCells(301, new Rng(5));
    const batch = new Float64Array(301);
    openYahpo(folder as string).predict(codes, 301, batch);
    const session = await InferenceSession.create(join(folder as string, 'nasbench301', 'yahpo_surrogate_v1.onnx'));
    const vector = new Int32Array(34);
    for (let i = 0; i < 301; i += 3) {
      toYahpoVector(codes, 2 * i, vector, 0);
      const feeds = { x_cat: new Tensor('int32', vector.slice(), [1, 34]), x_cont: new Tensor('float32', Float32Array.of(98), [1, 1]) };
      const output = Object.values(await session.run(feeds))[0]?.data as Float32Array;
      expect(Math.abs(100 * (batch[i] as number) - calibrate(output[0] as number))).toBeLessThan(1e-4);
    }
    await session.release();
  });

  it('ranks NASLib\'s 725 real values at 0.90 and has, calibrated, no bias', () => {
    const cells = naslibCells(folder as string);
    const out = new Float64Array(cells.length);
    openYahpo(folder as string).predict(Uint32Array.from(cells.flatMap(({ code }) => [...code])), cells.length, out);
    const real = cells.map(({ accuracy }) => accuracy);
    expect(sampleRankCorrelation([...out], real)).toBeGreaterThan(0.9);
    expect(Math.abs(out.reduce((sum, value, i) => sum + 100 * value - (real[i] as number), 0) / cells.length)).toBeLessThan(0.01);
  });
});

describe('without its file', () => {
  it('the YAHPO surrogate says where to get it', () => {
    expect(() => openYahpo('/nowhere')).toThrow(DatasetError);
    expect(() => openYahpo('/nowhere')).toThrow('must lie at /nowhere/nasbench301/yahpo_surrogate_v1.onnx, not found; get it with "archwalk data get nasbench301"');
  });
});
