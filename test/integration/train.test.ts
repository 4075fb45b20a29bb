import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TrainProcess, learnerSteps, logLines, servicePids, tinyRun } from './trainProcess.js';

let base: string;
let run: string;
let process_: TrainProcess | null;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'archwalk-train-'));
  run = join(base, 'run');
  process_ = null;
});
afterEach(async () => {
  if (process_ !== null && process_.child.exitCode === null) {
    process_.child.kill('SIGTERM');
    await process_.exit();
  }
  rmSync(base, { recursive: true, force: true });
});

const start = (...args: string[]): TrainProcess => (process_ = new TrainProcess(['--run', run, ...tinyRun, ...args]));

describe('archwalk train', () => {
  it('goes on by itself after SIGKILL of an actor, the evaluator and the learner, and ends with the table and the report', { timeout: 240_000 }, async () => {
    const train = start('--learner-steps', '400');
    for (const role of ['actor', 'evaluator', 'learner'] as const) {
      await train.until(`the ${role} at work`, () => servicePids(role, run).length === 1 && learnerSteps(run) > 20);
      const [pid] = servicePids(role, run);
      process.kill(pid as number, 'SIGKILL');
      await train.until(`another ${role}`, () => servicePids(role, run).some((other) => other !== pid));
    }
    expect(await train.exit()).toBe(0);
    for (const service of ['actor-0', 'evaluator', 'learner']) expect(train.stderr).toContain(`${service} ended by SIGKILL; starts again`);
    expect(train.stdout).toMatch(/agent +\d/);
    expect(train.stderr).toContain(join(run, 'evaluation', 'report.html'));
    for (const file of ['results.json', 'curves.csv', 'report.html']) expect(existsSync(join(run, 'evaluation', file))).toBe(true);
    expect(readdirSync(join(run, 'tensorboard')).some((name) => name.includes('tfevents'))).toBe(true);
    const [restored] = logLines(run, 'learner', 'goes on from');
    expect(restored?.['steps']).toBeGreaterThan(0);
  });

  it('saves at Ctrl-C, exits 130, and goes on from the same step with the replay it had', { timeout: 240_000 }, async () => {
    const first = start('--learner-steps', '100000');
    await first.until('40 learner steps', () => learnerSteps(run) >= 40);
    first.child.kill('SIGINT');
    expect(await first.exit()).toBe(130);
    expect(first.stderr).toContain('--resume');
    const newest = readdirSync(join(run, 'checkpoints')).sort((a, b) => Number(b.split('-')[1]) - Number(a.split('-')[1]))[0] as string;
    const { step, state } = JSON.parse(readFileSync(join(run, 'checkpoints', newest, 'manifest.json'), 'utf8')) as { step: number; state: { limiter: { inserts: number } } };

    const again = (process_ = new TrainProcess(['--run', run, '--resume', '--learner-steps', String(step + 20)]));
    expect(await again.exit()).toBe(0);
    const [restored] = logLines(run, 'learner', 'goes on from');
    expect(restored).toMatchObject({ steps: step, replay: state.limiter.inserts });
    expect(logLines(run, 'learner', '"saved"').at(-1)).toMatchObject({ steps: step + 20, goalReached: true });
  });
});

describe('bad input to archwalk train', () => {
  const refused = async (args: readonly string[], message: string): Promise<void> => {
    const train = (process_ = new TrainProcess(args, { ARCHWALK_DATA: join(base, 'no-data') }));
    expect(await train.exit()).toBe(2);
    expect(train.stderr.trim().split('\n')).toHaveLength(1);
    expect(train.stderr).toContain(message);
    expect(train.stdout).toBe('');
  };

  it.each([
    [['--bencmark', 'x'], '--benchmark'],
    [['--benchmark', 'nasbench21'], 'Did you mean "nasbench201"?'],
    [['--set', 'learner.batchsize=3'], 'Did you mean "learner.batchSize"?'],
    [['--set', 'mdp.gamma=2'], 'mdp.gamma must be at most 0.9999, got 2'],
    [['--actors', 'many'], '--actors'],
    [['--benchmark', 'nasbench201'], 'nasbench201_cifar10.csv.gz'],
    [['--resume'], '--resume needs --run DIR'],
    [['--preset', 'huge'], '--preset must be small or paper, got "huge"'],
  ] as const)('%j is one line and exit code 2', async (args, message) => {
    await refused([...args, '--run', ...(args[0] === '--resume' ? [] : [run])].filter((word) => word !== '--run' || args[0] !== '--resume'), message);
    expect(existsSync(run)).toBe(false);
  });

  it('refuses a Redis that does not answer, and a damaged checkpoint, and changes neither', { timeout: 120_000 }, async () => {
    const train = (process_ = new TrainProcess(['--run', run, ...tinyRun], { REDIS_URL: 'redis://127.0.0.1:1' }));
    expect(await train.exit()).toBe(2);
    expect(train.stderr).toMatch(/^archwalk: Redis must .*127\.0\.0\.1:1.*\n$/);
  });
});
