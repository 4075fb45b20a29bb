import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type BenchmarkOptions, benchmarkAssignments, benchmarkSetting, openWithProgress, withBenchmarkFlags } from '../../../services/cli/benchmarkOptions.js';
import { withOpeningProgress } from '../../../services/cli/openingProgress.js';
import { resolveConfig } from '../../../shared/config/resolve.js';
import { ConfigError } from '../../../shared/errors.js';
import { testDataFolder } from '../../testData.js';

const parse = (...argv: string[]): BenchmarkOptions => withBenchmarkFlags(new Command().exitOverride(), { benchmark: '', dataset: '', backend: '' }).parse(argv, { from: 'user' }).opts();

describe('the flags of a benchmark', () => {
  it('become configuration keys', () => {
    const options = parse('--benchmark', 'nasbench101', '--backend', 'ecnas', '--repeats', 'sampled:7', '--sampler', 'matrices', '--epochs', '4', '--count-isomorphic', 'once');
    const config = resolveConfig({ assignments: benchmarkAssignments(options) });
    expect(config.experiment).toMatchObject({ benchmark: 'nasbench101', backend: 'ecnas', dataset: 'cifar10' });
    expect(config.benchmark).toEqual({ repeats: 'sampled:7', sampler: 'matrices', epochs: 4, countIsomorphic: 'once' });
  });

  it('win over the run\'s own configuration, which wins over the defaults', () => {
    const trained = resolveConfig({ assignments: ['experiment.benchmark=nasbench101', 'benchmark.repeats=fixed:1', 'benchmark.sampler=matrices'] });
    expect(benchmarkSetting('search', parse('--repeats', 'mean'), trained)).toMatchObject({ name: 'nasbench101', repeats: 'mean', sampler: 'matrices', epochs: 0 });
    expect(benchmarkSetting('search', parse('--benchmark', 'nasbench201'), null)).toMatchObject({ name: 'nasbench201', dataset: 'cifar10', repeats: 'mean', countIsomorphic: 'each' });
  });

  it.each([
    [[], 'inspect needs --run DIR or --benchmark NAME, got neither'],
    [['--benchmark', 'nasbench101', '--repeats', 'median'], 'benchmark.repeats must be mean, fixed:K or sampled:SEED, got "median"'],
    [['--benchmark', 'nasbench101', '--sampler', 'matrix'], 'benchmark.sampler must be one of classes, matrices, got "matrix"'],
    [['--benchmark', 'nasbench101', '--epochs', '5'], 'benchmark.epochs must be one of 0, 4, 12, 36, 108, got 5'],
    [['--benchmark', 'nasbench201', '--count-isomorphic', 'twice'], 'benchmark.countIsomorphic must be one of each, once, got "twice"'],
  ])('%j are refused in one line', (argv, message) => {
    expect(() => benchmarkSetting('inspect', parse(...argv), null)).toThrow(ConfigError);
    expect(() => benchmarkSetting('inspect', parse(...argv), null)).toThrow(message);
  });
});

const folder = testDataFolder();
describe.skipIf(folder === null)('opening by flags', () => {
  const open = (...argv: string[]) => openWithProgress({ ...benchmarkSetting('inspect', parse(...argv), null), dataFolder: folder ?? '' });

  it('names policy, epochs and sampler in the description', async () => {
    const { description } = await open('--benchmark', 'nasbench101', '--backend', 'ecnas', '--repeats', 'fixed:0', '--sampler', 'matrices');
    expect(description.settings).toEqual({ repeats: 'fixed:0', epochs: 4, sampler: 'matrices' });
    expect(description.sampler).toContain('uniformly over 7 x 7 matrices');
  });

  it('counts isomorphic NAS-Bench-201 cells once, and says so', async () => {
    const { description } = await open('--benchmark', 'nasbench201', '--count-isomorphic', 'once');
    expect(description.settings).toEqual({ countIsomorphic: 'once' });
    expect(description.provenance).toContain('isomorphic cells are rows of their own and count as one query');
  });
});

describe('the progress of opening', () => {
  it('shows bytes in MB and cells as they are, and leaves the line free', async () => {
    const written: string[] = [];
    const answer = await withOpeningProgress((onProgress) => {
      onProgress('reading a file', 250_000_000, 500_000_000, 'bytes');
      onProgress('listing neighbours', 1_000, 2_000, 'cells');
      return Promise.resolve(7);
    }, { isTTY: true, write: (text) => written.push(text) });
    expect(answer).toBe(7);
    expect(written[0]).toBe('\rreading a file: 250 of 500 MB');
    expect(written[1]).toBe('\rlisting neighbours: 1,000 of 2,000 cells');
    expect(written.at(-1)).toMatch(/^\r +\r$/);
  });

  it('clears the line where opening fails', async () => {
    const written: string[] = [];
    const opening = withOpeningProgress((onProgress) => {
      onProgress('reading a file', 1e6, 2e6, 'bytes');
      return Promise.reject(new Error('damaged'));
    }, { isTTY: true, write: (text) => written.push(text) });
    await expect(opening).rejects.toThrow('damaged');
    expect(written.at(-1)).toMatch(/^\r +\r$/);
  });
});
