import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { evaluate, parseBudgets, type EvaluateOptions } from '../../../../services/cli/commands/evaluate.js';
import { ProgressLine } from '../../../../services/cli/progressLine.js';
import { createRunFolder, runFolder } from '../../../../shared/config/runFolder.js';
import { resolveConfig } from '../../../../shared/config/resolve.js';
import { Closing } from '../../../../shared/lifecycle.js';
import type { Results } from '../../../../shared/report/results.js';
import { prepareProgram, type ProgramFolder } from '../../../childProcess.js';

let toy: ProgramFolder;
let folder: string;
let stdout = '';
beforeAll(() => { toy = prepareProgram('test/shared/search/toyBenchmark.ts'); });
afterAll(() => { toy.remove(); });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archwalk-evaluate-'));
  writeFileSync(join(folder, 'space.mjs'), `import { toyBenchmark } from '${toy.script}';\nexport const benchmark = toyBenchmark();\n`);
  stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => { stdout += String(text); return true; });
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const run = (options: Partial<EvaluateOptions>, signal = new AbortController().signal): Promise<number> =>
  evaluate({ out: join(folder, 'out'), json: false, seeds: 6, budgets: '5,15', ...options }, { signal, closing: new Closing() });

/** A run's folder with its configuration, and no weights. */
function newRun(name: string, benchmark: string): string {
  const path = join(folder, name);
  createRunFolder(runFolder(path), resolveConfig({ assignments: [`experiment.benchmark=${benchmark}`] }));
  return path;
}

describe('archwalk evaluate', () => {
  it('compares the methods that need no training, as files and on stdout', async () => {
    expect(await run({ benchmark: join(folder, 'space.mjs'), json: true })).toBe(0);
    const results = JSON.parse(stdout) as Results;
    expect(Object.keys(results.methods)).toEqual(['random-search', 'random-walk', 'local-search', 'local-search-best', 'evolution', 'predictor']);
    expect(results).toMatchObject({ benchmark: 'toy', run: null, trainingQueries: null, budgets: [5, 15], seeds: 6 });
    expect(JSON.parse(readFileSync(join(folder, 'out', 'results.json'), 'utf8'))).toEqual(results);
    for (const name of ['curves.csv', 'searches.csv', 'report.html']) expect(existsSync(join(folder, 'out', name))).toBe(true);
  });

  it('prints the table', async () => {
    await run({ benchmark: join(folder, 'space.mjs'), methods: 'random-search' });
    expect(stdout).toMatch(/random-search +0 +\d\d\.\d\d +\d\d\.\d\d/);
  });

  it('keeps evaluations by other settings of the benchmark apart, and records them', async () => {
    const path = join(folder, 'settled.mjs');
    writeFileSync(path, `import { toyBenchmark } from '${toy.script}';\nconst toy = toyBenchmark();\nexport const openBenchmark = ({ dataset, repeats }) => ({ ...toy, description: { ...toy.description, dataset, settings: { repeats } } });\n`);
    const trained = newRun('settled', path);
    const settingsIn = (...parts: string[]): unknown => (JSON.parse(readFileSync(join(trained, 'evaluation', ...parts, 'results.json'), 'utf8')) as Results).settings;
    const options = { run: trained, methods: 'random-search', json: true, seeds: 2, budgets: '5' };
    for (const repeats of [undefined, 'fixed:1']) {
      await evaluate({ ...options, ...(repeats === undefined ? {} : { repeats }) }, { signal: new AbortController().signal, closing: new Closing() });
    }
    expect(settingsIn()).toEqual({ repeats: 'mean' });
    expect(settingsIn('repeats-fixed-1')).toEqual({ repeats: 'fixed:1' });
  });

  it('leaves with 130 when interrupted, and writes nothing', async () => {
    const controller = new AbortController();
    controller.abort('SIGINT');
    expect(await run({ benchmark: join(folder, 'space.mjs') }, controller.signal)).toBe(130);
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  it('refuses what it cannot do', async () => {
    await expect(run({})).rejects.toThrow('evaluate needs --run DIR or --benchmark NAME, got neither');
    await expect(run({ benchmark: join(folder, 'space.mjs'), methods: 'agent' })).rejects.toThrow('method agent must have a trained agent (--run), got none');
    await expect(run({ benchmark: join(folder, 'space.mjs'), budgets: '10,x' })).rejects.toThrow('--budgets must be whole numbers with commas between them, got "10,x"');
    await expect(run({ run: join(folder, 'nowhere') })).rejects.toThrow('does not exist');
    const other = newRun('other', 'nasbench201');
    await expect(run({ run: other, benchmark: 'nasbench301' })).rejects.toThrow('--benchmark must be the search space that other was trained on, nasbench201, got nasbench301');
    const untrained = newRun('untrained', join(folder, 'space.mjs'));
    await expect(run({ run: untrained })).rejects.toThrow('--run must be a run that has trained');
    writeFileSync(join(untrained, 'weights.safetensors'), 'not weights');
    await expect(run({ run: untrained })).rejects.toThrow('weights.safetensors must hold weights, and is damaged');
  });

  it('reads budgets', () => expect(parseBudgets('10, 20,300')).toEqual([10, 20, 300]));
});

describe('ProgressLine', () => {
  it('rewrites one line on a terminal and clears it', () => {
    const written: string[] = [];
    const line = new ProgressLine({ isTTY: true, write: (text) => written.push(text) });
    line.show('search', 1, 2_000, 'queries');
    line.show('search', 1, 2_000, 'queries');
    line.clear();
    line.clear();
    expect(written).toEqual(['\rsearch: 1 of 2,000 queries', `\r${' '.repeat(26)}\r`]);
  });

  it('writes a line a tenth of the way elsewhere', () => {
    const written: string[] = [];
    const line = new ProgressLine({ write: (text) => written.push(text) });
    for (let i = 0; i <= 100; i++) line.show('search', i, 100, 'queries');
    expect(written).toHaveLength(11);
    expect(written.at(-1)).toBe('search: 100 of 100 queries\n');
  });
});
