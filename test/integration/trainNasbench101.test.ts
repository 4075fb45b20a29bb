import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../shared/config/schema.js';
import type { Results } from '../../shared/report/results.js';
import { testDataFolder } from '../testData.js';
import { TrainProcess, tinyRun } from './trainProcess.js';

const folder = testDataFolder();
let base: string;
beforeEach(() => { base = mkdtempSync(join(tmpdir(), 'archwalk-train-nb101-')); });
afterEach(() => { rmSync(base, { recursive: true, force: true }); });

describe.skipIf(folder === null)('archwalk train on NAS-Bench-101\'s sub-space', () => {
  it('says whose accuracies they are, and records repeats, epochs and sampler in the run and its results', { timeout: 240_000 }, async () => {
    const run = join(base, 'run');
    const train = new TrainProcess(
      ['--benchmark', 'nasbench101', '--repeats', 'fixed:0', '--sampler', 'matrices', '--learner-steps', '10', '--run', run, '--json', ...tinyRun],
      { ARCHWALK_DATA: folder ?? '' },
    );
    expect(await train.exit()).toBe(0);
    expect(train.stderr).toContain("nasbench101: EC-NAS-Bench's own 4-epoch trainings");
    expect(train.stderr).toContain('neighbours outside it are dropped');
    const config = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')) as Config;
    expect(config.benchmark).toEqual({ repeats: 'fixed:0', sampler: 'matrices', epochs: 0, countIsomorphic: 'each' });
    const results = JSON.parse(train.stdout) as Results;
    expect(results.settings).toEqual({ repeats: 'fixed:0', epochs: 4, sampler: 'matrices' });
    expect(results.sampler).toContain('uniformly over 7 x 7 matrices');
    expect(results.methods.agent?.['10']?.validationAccuracy.mean).toBeGreaterThan(0);
  });
});
