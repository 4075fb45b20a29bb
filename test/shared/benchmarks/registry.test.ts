import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { benchmarkNames, openBenchmark } from '../../../shared/benchmarks/registry.js';
import { ConfigError, DatasetError } from '../../../shared/errors.js';
import { packageRoot } from '../../../shared/paths.js';
import { Rng } from '../../../shared/rng.js';
import { testDataFolder } from '../../testData.js';

const folder = mkdtempSync(join(tmpdir(), 'archwalk-registry-'));
afterAll(() => rmSync(folder, { recursive: true }));
const data = testDataFolder();
const base = { name: 'nasbench301', dataset: 'cifar10', backend: 'auto', dataFolder: '/nowhere' };

function module(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const members = 'description: { name: "mine" }, space: {}, validationAccuracies() {}, queryKey() {}, neighbours() {}, randomCode() {}, holds() {}';

describe('opening a benchmark', () => {
  it('takes the embedded surrogate for auto', async () => expect((await openBenchmark(base)).description.backend).toBe('embedded'));

  it.skipIf(data === null)('opens each backend by name', async () => {
    expect((await openBenchmark({ ...base, backend: 'yahpo', dataFolder: data as string })).description.backend).toBe('yahpo');
    expect((await openBenchmark({ ...base, name: 'nasbench201', dataset: 'cifar100', dataFolder: data as string })).description.dataset).toBe('cifar100');
  });

  it.each([
    [{ name: 'nasbench302' }, `the benchmark must be one of ${benchmarkNames.join(', ')}, or the path of a module (./my-space.js), got "nasbench302". Did you mean "nasbench301"?`],
    [{ dataset: 'cifar100' }, 'the data set of nasbench301 must be one of cifar10, got "cifar100". Did you mean "cifar10"?'],
    [{ name: 'nasbench201', dataset: 'imagenet16' }, 'must be one of cifar10, cifar100, ImageNet16-120, got "imagenet16". Did you mean "ImageNet16-120"?'],
    [{ backend: 'embeded' }, 'the backend of nasbench301 must be one of auto, embedded, yahpo, ensemble-xgb, ensemble-lgb, got "embeded". Did you mean "embedded"?'],
  ])('refuses %j with the list and the nearest match', async (change, words) => {
    const error: unknown = await openBenchmark({ ...base, ...change }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain(words);
  });

  it.each([
    [{ repeats: 'fixed:1' }, 'benchmark.repeats must be left at mean on nasbench301, which has no such choice, got fixed:1'],
    [{ name: 'nasbench201', epochs: 36 }, 'benchmark.epochs must be left at 0 on nasbench201, which has no such choice, got 36'],
    [{ name: 'nasbench101', countIsomorphic: 'once' as const }, 'benchmark.countIsomorphic must be left at each on nasbench101, which has no such choice, got once'],
  ])('refuses %j, an option of another benchmark', async (change, words) => {
    const error: unknown = await openBenchmark({ ...base, ...change }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toBe(words);
  });

  it('says in one line where a missing file is to be had', async () => {
    const error: unknown = await openBenchmark({ ...base, name: 'nasbench201' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect((error as Error).message).toBe(
      'the NAS-Bench-201 table of cifar10 must lie at /nowhere/nasbench201/nasbench201_cifar10.csv.gz, not found; get it with "archwalk data get nasbench201", or set ARCHWALK_DATA to the folder that has it',
    );
  });
});

describe('a benchmark of one\'s own', () => {
  it('is what the module exports as benchmark', async () => {
    const name = module('value.mjs', `export const benchmark = { ${members} };`);
    expect((await openBenchmark({ ...base, name })).description.name).toBe('mine');
  });

  it('is what the module\'s openBenchmark returns, which gets the options', async () => {
    const name = module('open.mjs', `export async function openBenchmark(options) { return { ${members}, description: { name: options.dataset } }; }`);
    expect((await openBenchmark({ ...base, name, dataset: 'theirs' })).description.name).toBe('theirs');
  });

  it('is the documentation\'s example, which is whole', async () => {
    const page = readFileSync(join(packageRoot, 'docs', 'own-benchmark.md'), 'utf8');
    const name = module('example.mjs', (/```js\n([^]*?)```/.exec(page) as RegExpExecArray)[1] as string);
    const { space, ...benchmark } = await openBenchmark({ ...base, name });
    const code = new Uint32Array(1);
    const around = new Uint32Array(space.maxNeighbours);
    const accuracies = new Float64Array(space.maxNeighbours);
    const rng = new Rng(1);
    for (let i = 0; i < 100; i++) {
      benchmark.randomCode(rng, code, 0);
      expect([...space.fromJson(space.toJson(code, 0))]).toEqual([...code]);
      expect(benchmark.neighbours(code, 0, around)).toBe(24);
      expect(new Set(around).size).toBe(24);
      benchmark.validationAccuracies(around, 24, accuracies);
      expect(accuracies.every((value) => value > 0.6 && value <= 0.9)).toBe(true);
    }
    expect(() => space.fromJson({ widths: [16] })).toThrow('widths must be 12 of 16,32,64, got {"widths":[16]}');
    expect(() => benchmark.testAccuracies(code, 1, accuracies)).toThrow('no test accuracy');
    // All 64: 0.7 + 0.2 = 0.9, the stated optimum.
    benchmark.validationAccuracies(space.fromJson({ widths: Array(12).fill(64) }), 1, accuracies);
    expect(accuracies[0]).toBeCloseTo(benchmark.optimum?.validationAccuracy as number, 12);
  });

  it.each([
    ['no such file', join(folder, 'none.mjs'), 'must be loadable, got "'],
    ['a syntax error', module('broken.mjs', 'export const = 1;'), 'must be loadable, got "'],
    ['no export', module('empty.mjs', 'export const other = 1;'), 'must export benchmark or openBenchmark (see docs/own-benchmark.md), got exports other'],
    ['something else', module('number.mjs', 'export const benchmark = 3;'), 'got exports benchmark'],
    ['a part of one', module('part.mjs', 'export const benchmark = { description: {}, space: {} };'), 'got exports benchmark'],
    ['nothing', module('nothing.mjs', ''), 'got exports none'],
  ])('is refused where the module has %s', async (_, name, words) => {
    const error: unknown = await openBenchmark({ ...base, name }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain(`the benchmark module ${name}`);
    expect((error as Error).message).toContain(words);
  });
});
