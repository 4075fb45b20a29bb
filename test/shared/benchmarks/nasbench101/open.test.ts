import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatRepeatPolicy, openNasbench101, parseRepeatPolicy, type Nasbench101Benchmark, type OpenNasbench101Options } from '../../../../shared/benchmarks/nasbench101/index.js';
import { MAX_NEIGHBOURS } from '../../../../shared/benchmarks/nasbench101/moves.js';
import { readEcnasCsv, readEcnasTable } from '../../../../shared/benchmarks/nasbench101/readTable.js';
import { openBenchmark } from '../../../../shared/benchmarks/registry.js';
import { DatasetError, OutOfDomainError } from '../../../../shared/errors.js';
import { Rng } from '../../../../shared/rng.js';
import { testDataFolder } from '../../../testData.js';

const emptyFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'archwalk-nb101-'));
  mkdirSync(join(folder, 'nasbench101'));
  return folder;
};

describe('openNasbench101 without files', () => {
  it.each([
    ['auto', /needs nasbench_only108.tfrecord or nasbench_full.tfrecord \(or ecnas_energy_5V9E.tfrecord.*found none; "archwalk data get nasbench101"/],
    ['official', /needs nasbench_only108.tfrecord or nasbench_full.tfrecord in .*found none/],
    ['ecnas', /needs ecnas_energy_5V9E.tfrecord or ecnas_5v9e_4epochs.csv.gz in .*found none/],
  ] as const)('says what %s needs and where to get it', async (table, message) => {
    await expect(openNasbench101({ dataFolder: emptyFolder(), table })).rejects.toThrow(DatasetError);
    await expect(openNasbench101({ dataFolder: emptyFolder(), table })).rejects.toThrow(message);
  });

  it('asks for the full file where another epoch budget is wanted', async () => {
    await expect(openNasbench101({ dataFolder: emptyFolder(), epochs: 36 })).rejects.toThrow(/needs nasbench_full.tfrecord/);
  });

  it('knows that EC-NAS-Bench has 4 epochs only', async () => {
    await expect(openNasbench101({ dataFolder: emptyFolder(), table: 'ecnas', epochs: 108 })).rejects.toThrow('must be asked for 4 epochs, which is all it has, got 108');
  });
});

describe('repeat policies', () => {
  it.each(['mean', 'fixed:2', 'sampled:17'])('%s round-trips', (text) => expect(formatRepeatPolicy(parseRepeatPolicy(text))).toBe(text));
  it.each(['', 'median', 'fixed', 'fixed:-1', 'sampled:x'])('%j is refused', (text) => expect(() => parseRepeatPolicy(text)).toThrow(/must be mean, fixed:K or sampled:SEED/));
});

const folder = testDataFolder();
describe.skipIf(folder === null)('openNasbench101 on EC-NAS-Bench', () => {
  const dataFolder = folder ?? '';
  const open = (options: Partial<OpenNasbench101Options> = {}) => openNasbench101({ dataFolder, table: 'ecnas', ...options });
  let benchmark: Nasbench101Benchmark;
  beforeAll(async () => {
    benchmark = await open();
  });

  it('says that it is the sub-space and whose accuracies they are', () => {
    expect(benchmark.description.backend).toBe('ecnas');
    expect(benchmark.description.provenance).toMatch(/EC-NAS-Bench's own 4-epoch trainings .* not NAS-Bench-101's, on the complete sub-space of 2532 cells of at most 5 vertices .*repeats mean of 1, random cells uniform over classes/);
    expect(benchmark.cells.codes).toHaveLength(2_532);
  });

  it('opens by the registry, with policy and sampler as texts', async () => {
    const options = { name: 'nasbench101', dataset: 'cifar10', backend: 'auto', dataFolder };
    expect((await openBenchmark({ ...options, backend: 'ecnas', repeats: 'fixed:0', sampler: 'matrices' })).description.provenance).toContain('repeats fixed:0 of 1, random cells uniform over matrices');
    await expect(openBenchmark({ ...options, backend: 'ecna' })).rejects.toThrow(/must be one of auto, official, ecnas, got "ecna"/);
    await expect(openBenchmark({ ...options, repeats: 'first' })).rejects.toThrow(/must be mean, fixed:K or sampled:SEED/);
  });

  it('takes 4 epochs for its own, and no other table silently for 108 of the official one', async () => {
    expect((await open({ epochs: 4 })).description.settings).toEqual({ repeats: 'mean', epochs: 4, sampler: 'classes' });
    await expect(open({ table: 'auto', epochs: 108 })).rejects.toThrow(/needs nasbench_only108.tfrecord or nasbench_full.tfrecord/);
  });

  it('does not stand in for other epochs of an official file that is there', async () => {
    const both = emptyFolder();
    copyFileSync(join(dataFolder, 'nasbench101', 'ecnas_5v9e_4epochs.csv.gz'), join(both, 'nasbench101', 'ecnas_5v9e_4epochs.csv.gz'));
    writeFileSync(join(both, 'nasbench101', 'nasbench_only108.tfrecord'), '');
    await expect(openNasbench101({ dataFolder: both, epochs: 4 })).rejects.toThrow(/needs nasbench_full.tfrecord/);
  });

  it('answers with the numbers of the rows', () => {
    // Row 1 of the file: e1aeb470572477cf15b1bd3644d59370.
    const code = benchmark.space.fromJson({
      adjacency: [[0, 1, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]],
      operations: ['input', 'conv3x3-bn-relu', 'maxpool3x3', 'conv3x3-bn-relu', 'output'],
    });
    const out = new Float64Array(1);
    expect(benchmark.space.id(code, 0)).toBe('e1aeb470572477cf15b1bd3644d59370');
    benchmark.validationAccuracies(code, 1, out);
    expect(out[0]).toBe(0.5816305875778198);
    benchmark.testAccuracies(code, 1, out);
    expect(out[0]).toBe(0.5799278616905212);
    expect(benchmark.parameters?.(code, 0)).toBe(5_532_810);
    benchmark.trainingSeconds(code, 1, out);
    expect(out[0]).toBe(92.45899963378906);
  });

  it('has the optimum of its rows', () => {
    const out = new Float64Array(2_532);
    benchmark.validationAccuracies(benchmark.cells.codes, 2_532, out);
    expect(benchmark.optimum?.validationAccuracy).toBe(Math.max(...out));
    benchmark.testAccuracies(benchmark.cells.codes, 2_532, out);
    expect(benchmark.optimum?.testAccuracy).toBe(Math.max(...out));
  });

  it('looks up the neighbours that the moves list, those outside dropped', () => {
    const [stored, listed] = [new Uint32Array(MAX_NEIGHBOURS), new Uint32Array(MAX_NEIGHBOURS)];
    let dropped = 0;
    const wrong: number[] = [];
    for (const code of benchmark.cells.codes) {
      const count = benchmark.neighbours(Uint32Array.of(code), 0, stored);
      const all = [...listed.subarray(0, benchmark.space.neighbours(Uint32Array.of(code), 0, listed))];
      const held = all.filter((other) => benchmark.holds(Uint32Array.of(other), 0));
      dropped += all.length - held.length;
      if (stored.subarray(0, count).join() !== held.join()) wrong.push(code);
    }
    expect(wrong).toEqual([]);
    expect(dropped).toBeGreaterThan(10_000);
  });

  it('draws held cells by both samplers, and names the sampler', async () => {
    for (const sampler of ['classes', 'matrices'] as const) {
      const drawing = await open({ sampler });
      expect(drawing.description.provenance).toContain(`uniform over ${sampler}`);
      const rng = new Rng(5);
      const out = new Uint32Array(1);
      for (let i = 0; i < 200; i++) {
        drawing.randomCode(rng, out, 0);
        expect(drawing.holds(out, 0)).toBe(true);
      }
    }
  });

  it('draws every class about equally often by default', () => {
    const counts = new Map<number, number>();
    const rng = new Rng(6);
    const out = new Uint32Array(1);
    for (let i = 0; i < 50_640; i++) {
      benchmark.randomCode(rng, out, 0);
      counts.set(out[0]!, (counts.get(out[0]!) ?? 0) + 1);
    }
    // 20 draws a class are expected; chi-squared over 2,531 degrees of freedom has mean 2,531 and deviation 71.
    const chiSquared = [...benchmark.cells.codes].reduce((sum, code) => sum + ((counts.get(code) ?? 0) - 20) ** 2 / 20, 0);
    expect(Math.abs(chiSquared - 2_531)).toBeLessThan(4 * 71);
  });

  it('refuses a repeat that there is not, and a cell outside', async () => {
    await expect(open({ repeats: { kind: 'fixed', repeat: 1 } })).rejects.toThrow(/K in 0..0 on this table, got 1/);
    expect(() => benchmark.validationAccuracies(Uint32Array.of(1_320_439_331), 1, new Float64Array(1))).toThrow(OutOfDomainError);
    expect(benchmark.holds(Uint32Array.of(1_320_439_331), 0)).toBe(false);
    expect(benchmark.space.contains(Uint32Array.of(1_320_439_331), 0)).toBe(true);
  });

  it('reads the csv.gz to the same table, and opens it where the TFRecord is not', async () => {
    const alone = emptyFolder();
    copyFileSync(join(dataFolder, 'nasbench101', 'ecnas_5v9e_4epochs.csv.gz'), join(alone, 'nasbench101', 'ecnas_5v9e_4epochs.csv.gz'));
    const fromCsv = await readEcnasCsv(join(alone, 'nasbench101', 'ecnas_5v9e_4epochs.csv.gz'));
    const fromRecords = await readEcnasTable(join(dataFolder, 'nasbench101', 'ecnas_energy_5V9E.tfrecord'));
    expect(fromCsv).toEqual(fromRecords);
    expect((await openNasbench101({ dataFolder: alone })).description.provenance).toContain('ecnas_5v9e_4epochs.csv.gz');
  });

  it('refuses a csv.gz that is none', async () => {
    const alone = emptyFolder();
    const path = join(alone, 'nasbench101', 'ecnas_5v9e_4epochs.csv.gz');
    writeFileSync(path, 'not gzip');
    await expect(openNasbench101({ dataFolder: alone })).rejects.toThrow(/must be a whole gzip file/);
  });
});
