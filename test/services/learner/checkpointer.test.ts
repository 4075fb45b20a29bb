import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checkpointer } from '../../../services/learner/checkpointer.js';
import type { LearnerEngine } from '../../../shared/agent/types.js';
import { CheckpointStore } from '../../../shared/checkpoint/checkpointStore.js';
import { resolveConfig } from '../../../shared/config/resolve.js';
import { TransportError } from '../../../shared/errors.js';
import { createLogger } from '../../../shared/logger.js';
import { QueryCounter } from '../../../shared/mdp/queryCounter.js';
import { MetricSet } from '../../../shared/metrics/metricSet.js';
import type { TransitionConsumer } from '../../../shared/redis/transitionStream.js';
import { PrioritizedReplay } from '../../../shared/replay/prioritizedReplay.js';
import { RateLimiter } from '../../../shared/replay/rateLimiter.js';
import { Rng } from '../../../shared/rng.js';
import { randomTransitions } from '../../shared/wire/batches.js';

const progress = { steps: 7, seconds: 1, weightVersion: 2 };
const weights = [{ name: 'w', shape: [2], values: Float32Array.of(1, 2) }];
const engine = { onlineWeights: () => weights, targetWeights: () => weights, optimizerState: () => weights } as unknown as LearnerEngine;

let base: string;
let folder: string;
let trims: (() => Promise<number>)[];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'archwalk-checkpointer-'));
  folder = join(base, 'checkpoints');
  trims = [];
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Everything real but the engine, whose arrays are two numbers, and the stream, whose trim the test decides. */
function checkpointer(): Checkpointer {
  const replay = new PrioritizedReplay({ capacity: 1_000, codeWords: 2, priorityExponent: 0.6, importanceExponent: 0.4, priorityEpsilon: 1e-6 });
  replay.add(randomTransitions(100, 1));
  const consumer = { position: { lastId: '1-0', appended: 100, marks: [] }, trim: () => (trims.shift() ?? (() => Promise.resolve(0)))() } as unknown as TransitionConsumer;
  return new Checkpointer({
    store: new CheckpointStore({ folder, keep: 3, identity: { configHash: 'c0ffee', config: {} } }), token: 1, config: resolveConfig({ assignments: ['learner.checkpointPeriodSeconds=0.1'] }), configHash: 'c0ffee',
    weightsPath: join(base, 'weights', 'weights.safetensors'), engine, replay, limiter: new RateLimiter({ samplesPerInsert: 1, minSize: 10, batchSize: 1, maxInsert: 10 }), queries: new QueryCounter(),
    rng: new Rng(1), shaping: { alpha: 1, logSigma: 0, samples: 1 }, consumer, walk: () => null, metrics: new MetricSet('learner'),
    logger: createLogger({ role: 'learner', id: 'test', run: 'test', level: 'error' }),
  });
}

describe('a checkpoint that fails', () => {
  it('leaves the next one free to succeed: no folder, then no room for the weights, then all is well', async () => {
    const under = checkpointer();
    writeFileSync(folder, 'a file where the folder should be');
    // Not bad input: the process exits 1 and is started again.
    await expect(under.write(progress)).rejects.toMatchObject({ message: expect.stringContaining('checkpoints, and cannot (E') as string, badInput: false });
    rmSync(folder);
    // The checkpoint is on the disk; weights.safetensors has no folder to go to.
    await expect(under.write(progress)).rejects.toThrow('the newest weights must be written to');
    expect(readdirSync(folder)).toEqual(['1-7']);
    mkdirSync(join(base, 'weights'));
    await under.write({ ...progress, steps: 8 });
    expect(readdirSync(folder).sort()).toEqual(['1-7', '1-8']);
    expect(existsSync(join(base, 'weights', 'weights.safetensors'))).toBe(true);
  });

  it('in the background is passed over where Redis is away, and said where the mistake is ours', async () => {
    mkdirSync(join(base, 'weights'));
    const under = checkpointer();
    const due = async (): Promise<void> => {
      while (under.ageSeconds < 0.1) await new Promise((resolve) => setImmediate(resolve));
      under.maybeBegin(progress);
      await under.settle();
    };
    trims = [() => Promise.reject(new TransportError('Redis is away')), () => Promise.reject(new RangeError('a mistake'))];
    await due();
    await due();
    expect(() => under.maybeBegin(progress)).toThrow(RangeError);
  });
});
