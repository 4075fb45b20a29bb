import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { prepare } from '../../../../services/cli/commands/prepare.js';
import { readRunConfig, runFolder } from '../../../../shared/config/runFolder.js';
import { ConfigError } from '../../../../shared/errors.js';

let base: string;
let run: string;
let said: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'archwalk-prepare-'));
  run = join(base, 'run');
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(base, { recursive: true, force: true });
});

describe('archwalk prepare', () => {
  it('makes the folder with the configuration of preset, run file, flags and --set, the later winning', async () => {
    const file = join(base, 'run.yaml');
    writeFileSync(file, 'learner:\n  steps: 50\n  batchSize: 64\nmetrics:\n  port: 1000\n');
    expect(await prepare({ run, preset: 'small', config: file, learnerSteps: 70, set: ['metrics.port=9464', 'metrics.host=0.0.0.0'] })).toBe(0);
    const config = readRunConfig(runFolder(run));
    expect(config.learner).toMatchObject({ steps: 70, batchSize: 64 });
    expect(config.metrics).toMatchObject({ port: 9464, host: '0.0.0.0' });
    expect(said).toBe(`${run} is prepared: nasbench301, preset small\n`);
    for (const name of ['logs', 'checkpoints', 'evaluation']) expect(existsSync(join(run, name))).toBe(true);
  });

  it('changes nothing where the run is there, whatever the flags, and says so', async () => {
    await prepare({ run, set: ['learner.steps=50'] });
    const before = readFileSync(join(run, 'config.json'), 'utf8');
    said = '';
    expect(await prepare({ run, set: ['learner.steps=60'] })).toBe(0);
    expect(readFileSync(join(run, 'config.json'), 'utf8')).toBe(before);
    expect(said).toBe(`${run} is there and keeps its configuration\n`);
  });

  it.each([
    [{ set: ['learner.batchsize=3'] }, 'learner.batchSize'],
    [{ preset: 'huge', set: [] }, '--preset must be small or paper, got "huge"'],
    [{ benchmark: 'nasbench21', set: [] }, 'nasbench201'],
    [{ config: '/nowhere/run.yaml', set: [] }, '--config must be a run file (YAML), and /nowhere/run.yaml does not exist'],
  ])('%j is refused, and no folder is made', async (options, message) => {
    const refusal = prepare({ run, ...options });
    await expect(refusal).rejects.toThrow(ConfigError);
    await expect(refusal).rejects.toThrow(message);
    expect(existsSync(run)).toBe(false);
  });

  it.each([
    ['- a list\n', 'must hold groups of configuration keys'],
    ['a: [\n', 'and'],
  ])('refuses the run file %j', async (text, message) => {
    const file = join(base, 'run.yaml');
    writeFileSync(file, text);
    await expect(prepare({ run, config: file, set: [] })).rejects.toThrow(message);
  });

  it('does not take a damaged config.json for a run', async () => {
    await prepare({ run, set: [] });
    writeFileSync(join(run, 'config.json'), '{');
    await expect(prepare({ run, set: [] })).rejects.toThrow('must be JSON, and is damaged');
  });
});
