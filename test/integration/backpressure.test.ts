/**
 * @file Backpressure on a real Redis: 64 producers as fast as they can against a learner that is slow, then stands still, then is
 * late with its checkpoint. Redis has a hard memory bound and refuses writes beyond it, which would fail the test; nothing is
 * dropped, and the flow is back within 10 s of the cause's end.
 */
import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TransportError } from '../../shared/errors.js';
import type { RedisClient } from '../../shared/redis/client.js';
import type { RunKeys } from '../../shared/redis/keys.js';
import { ActorLease, LearnerLease } from '../../shared/redis/lease.js';
import { TransitionProducer } from '../../shared/redis/transitionProducer.js';
import { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import { realRedis } from '../shared/redis/realRedis.js';
import { randomTransitions } from '../shared/wire/batches.js';

const producers = 64;
const batch = randomTransitions(128, 1);
/** 4 batches a producer would be 32,768: most wait. 128 transitions are 4.8 KB. */
const streamTransitions = 4_096;
const maxRetainedBytes = 1_000_000;
/**
 * A bare server with its 130 connections uses some 5 MB, 8 are left to it; retained entries take up to twice their bytes (each is a node of its
 * own, in the allocator's next size).
 */
const maxMemoryBytes = 8_000_000 + 2 * maxRetainedBytes;
const redis = realRedis({ maxMemoryBytes });

let keys: RunKeys;
let lease: LearnerLease;
let consumer: TransitionConsumer;
let watcher: RedisClient;
const leases: ActorLease[] = [];
const appended = new Array<number>(producers).fill(0);
let sources: TransitionProducer[] = [];
const stop = new AbortController();
let flooding: Promise<void>[] = [];
let peakBytes = 0;
let taken = 0;

const take = async (entries: number): Promise<void> => void (taken += (await consumer.take(entries, 100, () => undefined)).transitions);
const save = (): Promise<number> => consumer.trim(consumer.position.lastId);

async function lookAtMemory(): Promise<number> {
  const bytes = Number(/^used_memory:(\d+)/m.exec(await watcher.run((r) => r.info('memory')))?.[1]);
  peakBytes = Math.max(peakBytes, bytes);
  return bytes;
}

/** Repeats `what` for some seconds, looking at Redis' memory and the stream's bounds meanwhile. */
async function during(seconds: number, what: () => Promise<unknown>): Promise<void> {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
    await what();
    await lookAtMemory();
    const { outstanding, retainedBytes } = await consumer.counters();
    expect(outstanding).toBeLessThanOrEqual(streamTransitions);
    expect(retainedBytes).toBeLessThanOrEqual(maxRetainedBytes);
  }
}

/** Seconds that a learner in order needs until each producer has got rid of two more batches. */
async function recoverySeconds(): Promise<number> {
  const before = [...appended];
  const start = performance.now();
  while (appended.some((count, i) => count < (before[i] as number) + 2)) {
    await take(64);
    await save();
    expect(performance.now() - start).toBeLessThan(60_000);
  }
  return (performance.now() - start) / 1000;
}

beforeAll(async () => {
  setMaxListeners(0, stop.signal);
  keys = redis.keys();
  lease = await LearnerLease.acquire({ client: redis.client, keys, holder: 'learner', minimumToken: 0, ttlMs: 60_000 });
  consumer = await TransitionConsumer.open({
    client: redis.client, keys, token: lease.token, lowWaterTransitions: streamTransitions / 2, limits: { configHash: 'c0ffee', codeWords: 2, neighbours: 100, maxCount: 128 },
  });
  watcher = await redis.connect('watcher');
  for (let i = 0; i < producers; i++) {
    const client = await redis.connect(`producer-${i}`);
    const own = await ActorLease.acquire({ client, keys, holder: `producer-${i}`, slots: 1, ttlMs: 600_000 });
    leases.push(own);
    sources.push(new TransitionProducer({ client, keys, configHash: 'c0ffee', boundTransitions: streamTransitions, maxRetainedBytes, lease: own }));
  }
  flooding = sources.map(async (source, i) => {
    while (!stop.signal.aborted) {
      try {
        await source.append(batch, 0, stop.signal);
        appended[i] = (appended[i] as number) + 1;
      } catch (error) {
        if (!stop.signal.aborted || !(error instanceof TransportError)) throw error;
      }
    }
  });
});
afterAll(async () => {
  stop.abort();
  await Promise.all(flooding);
  sources.forEach((source) => source.close());
  sources = [];
  leases.forEach((own) => own.stopRenewing());
  consumer.close();
  await lease.release();
});

describe('64 producers in full flood', () => {
  it('a slow learner: they wait, within the bounds', async () => {
    await during(1.5, async () => {
      await take(1);
      await save();
    });
    expect((await consumer.counters()).waiting).toBeGreaterThan(producers / 2);
    expect(await recoverySeconds()).toBeLessThanOrEqual(10);
  });

  it('a learner that stands still: all of them wait, and the flow is back within 10 s', async () => {
    await during(1.5, lookAtMemory);
    const { outstanding, waiting } = await consumer.counters();
    expect(waiting).toBe(producers);
    expect(outstanding).toBeGreaterThan(streamTransitions - 2 * 128);
    const before = [...appended];
    await during(0.5, lookAtMemory);
    expect(appended).toEqual(before);
    expect(await recoverySeconds()).toBeLessThanOrEqual(10);
  });

  it('a learner that takes and never saves: retained bytes stop at their bound, and the flow is back once it has saved', async () => {
    let counters = await consumer.counters();
    for (const start = performance.now(); counters.waiting < producers || counters.outstanding > 0; counters = await consumer.counters()) {
      await during(0.1, () => take(64));
      expect(performance.now() - start).toBeLessThan(30_000);
    }
    expect(counters.retainedBytes).toBeGreaterThan(maxRetainedBytes - 4_900);
    const before = [...appended];
    await during(0.5, () => take(64));
    expect(appended).toEqual(before);
    expect(await recoverySeconds()).toBeLessThanOrEqual(10);
  });

  it('Redis stayed under its memory bound, and everything appended was taken once', async () => {
    stop.abort();
    await Promise.all(flooding);
    while ((await consumer.counters()).outstanding > 0) await take(64);
    const { appended: accepted } = await consumer.counters();
    expect(taken).toBe(accepted);
    expect(accepted).toBeGreaterThanOrEqual(128 * appended.reduce((sum, count) => sum + count, 0));
    expect(accepted).toBeLessThanOrEqual(128 * (appended.reduce((sum, count) => sum + count, 0) + producers));
    expect([consumer.marks.missing, consumer.marks.duplicates]).toEqual([0, 0]);
    expect(peakBytes).toBeGreaterThan(1_000_000);
    expect(peakBytes).toBeLessThan(maxMemoryBytes);
  });
});
