import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openEnsemble, openTrees } from '../../../../shared/benchmarks/nasbench301/ensemble.js';
import { readEnsembleFile } from '../../../../shared/benchmarks/nasbench301/ensembleFile.js';
import { openBenchmark } from '../../../../shared/benchmarks/registry.js';
import { ConfigError, DatasetError } from '../../../../shared/errors.js';
import { packageRoot } from '../../../../shared/paths.js';
import { Rng } from '../../../../shared/rng.js';
import { encodeEnsembles, ensembleOf } from './treeFixtures.js';

/** Boosters trained by xgboost 3.2.0 and lightgbm 4.7.0 on cells of the embedded surrogate, converted (scripts/bench/makeEnsembleFixture.ts). */
const committed = join(packageRoot, 'test', 'shared', 'benchmarks', 'nasbench301', 'ensembles.safetensors');
const folder = mkdtempSync(join(tmpdir(), 'archwalk-ensemble-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'nasbench301'));
copyFileSync(committed, join(folder, 'nasbench301', 'ensembles.safetensors'));

const file = readEnsembleFile(committed);
const probes = file.probeCodes.length / 2;
const named = (name: string) => file.ensembles.find((one) => one.name === name) as (typeof file.ensembles)[number];
const ask = (backend: string, count = probes): Float64Array => {
  const out = new Float64Array(count);
  openEnsemble(backend, folder).predict(file.probeCodes, count, out);
  return out;
};
/** Mean and population standard deviation of the boosters' own predictions of a probe, percent. */
const booster = (name: string, probe: number): { mean: number; std: number } => {
  const { members, probeValues } = named(name);
  const values = members.map((_, member) => probeValues[member * probes + probe] as number);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
};

describe.each(file.ensembles.map((one) => [one.label, one] as const))('the committed %s', (_, data) => {
  it('predicts what the Python boosters did, bit for bit', () => {
    const out = new Float64Array(data.probeValues.length);
    openTrees(committed, data, file.probeCodes).predictMembers(file.probeCodes, probes, out);
    expect(probes).toBe(64);
    expect(out).toEqual(data.probeValues);
  });
});

describe.each([['ensemble-xgb', 'xgb'], ['ensemble-lgb', 'lgb']])('backend %s', (backend, name) => {
  it('answers the members\' mean as a fraction', () => {
    const out = ask(backend);
    for (let probe = 0; probe < probes; probe++) expect(out[probe]).toBeCloseTo(booster(name, probe).mean / 100, 12);
  });

  it('adds noise of the members\' spread, fixed by architecture and seed', () => {
    const mean = ask(backend);
    const noisy = ask(`${backend}:noise=7`);
    expect(ask(`${backend}:noise=7`, 10)).toEqual(noisy.slice(0, 10));
    expect(ask(`${backend}:noise=8`)).not.toEqual(noisy);
    // 64 deviates of seeds 0..15: standard normal within four standard errors (1/sqrt(1024) of the mean, 1/sqrt(2048) of the deviation).
    const deviates = Array.from({ length: 16 }, (_seed, seed) => ask(`${backend}:noise=${seed}`)).flatMap((values) =>
      [...values].map((value, probe) => (100 * (value - (mean[probe] as number))) / booster(name, probe).std));
    const average = deviates.reduce((sum, value) => sum + value, 0) / deviates.length;
    const spread = Math.sqrt(deviates.reduce((sum, value) => sum + (value - average) ** 2, 0) / deviates.length);
    expect(Math.abs(average)).toBeLessThan(4 / Math.sqrt(1024));
    expect(Math.abs(spread - 1)).toBeLessThan(4 / Math.sqrt(2048));
  });

  it('says what it is', () => {
    const surrogate = openEnsemble(`${backend}:noise=7`, folder);
    expect(surrogate.name).toBe(`${backend}:noise=7`);
    expect(surrogate.provenance).toContain(`NAS-Bench-301 ${name}_v1.0 of 3 members read by ${name === 'xgb' ? 'xgboost 3.2.0' : 'lightgbm 4.7.0'}, validation accuracy, mean of the members plus their standard deviation times a normal deviate`);
    expect(surrogate.provenance).toContain(`(noise seed 7); ensembles.safetensors, SHA-256 ${file.sha256.slice(0, 16)}`);
    expect(openEnsemble(backend, folder).provenance).toContain('validation accuracy, mean of the members; ensembles.safetensors');
  });

  it('is opened by the registry, and tells training seconds', async () => {
    const benchmark = await openBenchmark({ name: 'nasbench301', dataset: 'cifar10', backend: `${backend}:file=${committed}`, dataFolder: '/nowhere' });
    expect(benchmark.description.backend).toBe(`${backend}:file=ensembles.safetensors`);
    const seconds = new Float64Array(2);
    benchmark.trainingSeconds?.(file.probeCodes.subarray(0, 4), 2, seconds);
    for (const probe of [0, 1]) expect(seconds[probe]).toBeCloseTo(booster('lgb_time', probe).mean, 8);
    const code = new Uint32Array(2);
    benchmark.randomCode(new Rng(1), code, 0);
    expect(benchmark.holds(code, 0)).toBe(true);
  });
});

describe('what is refused', () => {
  it.each(['', 'noise=', 'noise=-1', 'noise=4294967296', 'noise=1,', 'noise=1,noise=2', 'file=', 'weights=1'])('options "%s"', (options) => {
    expect(() => openEnsemble(`ensemble-xgb:${options}`, folder)).toThrow(ConfigError);
    expect(() => openEnsemble(`ensemble-xgb:${options}`, folder)).toThrow(`the options of backend ensemble-xgb must be noise=SEED (0..4294967295), file=PATH, or noise=SEED,file=PATH, got "${options}"`);
  });

  it('a folder without the file', () => {
    expect(() => openEnsemble('ensemble-xgb', '/nowhere')).toThrow(DatasetError);
    expect(() => openEnsemble('ensemble-xgb', '/nowhere')).toThrow('NAS-Bench-301\'s tree ensembles must lie at /nowhere/nasbench301/ensembles.safetensors, not found; make the file from the official models with "archwalk data convert nasbench301 DIR"');
  });

  const member = { folder: 'member_0', baseScore: 90, trees: [1.5] };
  const identity = { name: 'xgb', label: 'xgb_v1.0', target: 'validationAccuracy', precision: 'float32' } as const;
  const write = (probeValue: number): string => {
    const path = join(folder, 'one.safetensors');
    writeFileSync(path, encodeEnsembles([ensembleOf(identity, [member], Float64Array.of(probeValue))], Uint32Array.of(1, 2)));
    return path;
  };

  it('a file without the ensemble asked for', () =>
    expect(() => openEnsemble(`ensemble-lgb:file=${write(91.5)}`, folder)).toThrow('one.safetensors must hold the ensemble lgb, found xgb_v1.0'));

  // The probe tolerance is 1e-5 of 100 points: 0.001.
  it('trees that do not answer a probe as the booster did', () => {
    expect(() => openEnsemble(`ensemble-xgb:file=${write(91.5009)}`, folder)).not.toThrow();
    expect(() => openEnsemble(`ensemble-xgb:file=${write(91.502)}`, folder)).toThrow('xgb_v1.0, member member_0, must predict 91.502 for probe 0, as by hand 1 did, got 91.5');
  });
});
