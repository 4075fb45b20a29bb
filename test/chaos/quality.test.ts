/**
 * @file What chaos costs in quality: CHAOS_QUALITY_SEEDS trainings on NAS-Bench-201 (preset small), each once in calm and once with
 * faults from beginning to end, compared at 50 queries. Hours on a small machine, so it runs only where it is asked for.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../shared/errors.js';
import { packageRoot } from '../../shared/paths.js';
import { connectRedis } from '../../shared/redis/client.js';
import { runKeys } from '../../shared/redis/keys.js';
import { StatusBoard } from '../../shared/redis/status.js';
import { Rng } from '../../shared/rng.js';
import { testDataFolder } from '../testData.js';
import { say, storm } from './storm.js';
import { System, hasty, wait } from './system.js';

const seeds = Number(process.env['CHAOS_QUALITY_SEEDS'] ?? 0);
/** 95 % quantile of Student's t by degrees of freedom, 1 to 9: the ends of a 90 % interval. */
const studentT = [6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833] as const;

/** Trains to the preset's last step. @returns mean best validation accuracy after 50 queries, in points */
async function qualityOf(seed: number, inChaos: boolean, dataFolder: string): Promise<number> {
  const base = mkdtempSync(join(tmpdir(), 'archwalk-quality-'));
  const system = await System.start(join(base, 'run'), [...hasty, 'experiment.benchmark=nasbench201', `experiment.seed=${seed}`], dataFolder);
  const client = await connectRedis({ url: system.redisUrl, name: 'test' });
  try {
    const isOver = (): boolean => system.learnerCode !== null;
    if (inChaos) await storm({ system, board: new StatusBoard(client, runKeys('run')), rng: new Rng(seed), addRefuse: () => Promise.resolve(), isOver });
    while (!isOver()) await wait(1_000);
    expect(system.learnerCode).toBe(EXIT.done);
    const { stdout, status } = spawnSync(
      process.execPath,
      [join(packageRoot, 'dist', 'services', 'cli', 'main.js'), 'evaluate', '--run', system.folder.root, '--budgets', '50', '--seeds', '200', '--methods', 'agent', '--json'],
      { encoding: 'utf8', env: { ...process.env, ARCHWALK_DATA: dataFolder }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    expect(status).toBe(EXIT.done);
    const { methods } = JSON.parse(stdout) as { methods: { agent: Record<string, { validationAccuracy: { mean: number } }> } };
    return 100 * (methods.agent['50']?.validationAccuracy.mean ?? NaN);
  } finally {
    await client.close();
    await system.close();
    rmSync(base, { recursive: true, force: true });
  }
}

describe.skipIf(seeds === 0)(`${seeds} trainings in calm and in chaos`, () => {
  it('are within 0.05 points of each other at 50 queries (90 % interval of the mean difference)', async () => {
    const dataFolder = testDataFolder();
    if (dataFolder === null) throw new Error('the comparison must have NAS-Bench-201\'s table');
    const differences: number[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const calm = await qualityOf(seed, false, dataFolder);
      const chaos = await qualityOf(seed, true, dataFolder);
      differences.push(chaos - calm);
      say(`seed ${seed}: ${calm.toFixed(3)} in calm, ${chaos.toFixed(3)} in chaos`);
    }
    const mean = differences.reduce((sum, d) => sum + d, 0) / seeds;
    const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (seeds - 1);
    const half = (studentT[seeds - 2] ?? NaN) * Math.sqrt(variance / seeds);
    say(`difference ${mean.toFixed(3)} points, 90 % interval ${(mean - half).toFixed(3)} to ${(mean + half).toFixed(3)}`);
    expect(mean - half).toBeGreaterThan(-0.05);
    expect(mean + half).toBeLessThan(0.05);
  });
});
