import { afterEach, describe, expect, it } from 'vitest';
import { Lockstep, checkWalk, restoredWalk } from '../../../services/learner/lockstep.js';
import type { Publisher } from '../../../services/learner/publisher.js';
import type { LoadedCheckpoint } from '../../../shared/checkpoint/checkpointStore.js';
import { CheckpointError, WireFormatError } from '../../../shared/errors.js';
import type { WalkState } from '../../../shared/mdp/types.js';
import { ActorLease, LearnerLease } from '../../../shared/redis/lease.js';
import { TransitionProducer } from '../../../shared/redis/transitionProducer.js';
import { TransitionConsumer } from '../../../shared/redis/transitionStream.js';
import { TurnGiver, TurnTaker } from '../../../shared/redis/turns.js';
import { WeightPublisher } from '../../../shared/redis/weightChannel.js';
import { RateLimiter } from '../../../shared/replay/rateLimiter.js';
import { encodeWalk, type WalkLimits } from '../../../shared/wire/walkState.js';
import { realRedis } from '../../shared/redis/realRedis.js';
import { randomTransitions } from '../../shared/wire/batches.js';

const redis = realRedis();
const never = new AbortController().signal;
const limits: WalkLimits = { environments: 1, codeWords: 2, nSteps: 1, neighbours: 100, horizonSteps: 20, holds: () => true };

/** One environment that has taken `age` steps. */
function walkAt(age: number): WalkState {
  return {
    rng: [1, 2, 3, 4], codes: new Uint32Array(2), seeds: new Uint32Array(1), accuracies: new Float64Array(1), ages: Uint32Array.of(age),
    windows: { codes: new Uint32Array(2), seeds: new Uint32Array(1), actions: new Uint8Array(1), rewards: new Float64Array(1), qTaken: new Float32Array(1), starts: new Uint32Array(1), fills: new Uint32Array(1) },
  };
}

let closing: (() => void)[] = [];
afterEach(() => {
  closing.forEach((close) => close());
  closing = [];
});

/** A learner in lockstep on a real Redis, whose weights are one byte, and an actor's ends of stream and turns. */
async function system() {
  const keys = redis.keys();
  const lease = await LearnerLease.acquire({ client: redis.client, keys, holder: 'learner', minimumToken: 0, ttlMs: 60_000 });
  const { token } = lease;
  const channel = new WeightPublisher({ client: redis.client, keys, token, chunkBytes: 1_024 });
  const publisher = {
    version: -1,
    async publish(steps: number) {
      await channel.publish(steps, Uint8Array.of(steps));
      this.version = steps;
    },
    settle: () => Promise.resolve(),
  };
  const consumer = await TransitionConsumer.open({
    client: redis.client, keys, token, lowWaterTransitions: 1, limits: { configHash: 'c0ffee', codeWords: 2, neighbours: 100, maxCount: 256 }, check: (_, walk) => checkWalk(walk, limits),
  });
  const limiter = new RateLimiter({ samplesPerInsert: 1, minSize: 1_000, batchSize: 1, maxInsert: 64 });
  const taken: number[] = [];
  const counts = { duplicates: 0 };
  const lockstep = new Lockstep({
    limits, limiter, consumer, publisher: publisher as unknown as Publisher, turns: new TurnGiver(redis.client, keys, token), onDuplicate: () => counts.duplicates++,
    insert: ({ size, stateSeeds }) => {
      taken.push(stateSeeds[0] as number);
      limiter.inserted(size);
    },
  }, null);
  const actorLease = await ActorLease.acquire({ client: redis.client, keys, holder: 'actor', slots: 1 });
  const producer = new TransitionProducer({ client: redis.client, keys, configHash: 'c0ffee', boundTransitions: 512, maxRetainedBytes: 1e9, lease: actorLease });
  const turns = await TurnTaker.open(redis.client, keys);
  closing.push(() => { consumer.close(); producer.close(); turns.close(); lease.stopRenewing(); actorLease.stopRenewing(); });
  /** The answer to the turn given after `turn` transitions: its first state seed is `mark`. */
  const answer = (turn: number, mark: number, age = 1): Promise<unknown> =>
    producer.append({ ...randomTransitions(64, 1), stateSeeds: new Uint32Array(64).fill(mark) }, 0, undefined, encodeWalk({ turn, walk: walkAt(age) }));
  return { keys, lockstep, producer, turns, taken, counts, answer };
}

describe('a learner in lockstep', () => {
  it('gives a turn, takes its answer, and hands the place on with the next turn', async () => {
    const { lockstep, turns, taken, answer } = await system();
    const first = lockstep.refill(0, never);
    expect(await turns.next(never)).toMatchObject({ version: 0, turn: 0, walk: null });
    await answer(0, 7, 3);
    await first;
    const second = lockstep.refill(5, never);
    expect(await turns.next(never)).toMatchObject({ version: 5, turn: 64, walk: Buffer.from(encodeWalk({ turn: 0, walk: walkAt(3) })) });
    await answer(64, 8, 4);
    await second;
    expect(taken).toEqual([7, 8]);
  });

  it('takes an entry that is there already without asking, and another turn\'s never', async () => {
    const { keys, lockstep, turns, taken, counts, answer } = await system();
    await answer(0, 1);
    await answer(0, 2);
    await answer(128, 3);
    await lockstep.refill(0, never);
    expect(await redis.client.run((r) => r.exists(keys.turns))).toBe(0);
    // The second answer to the first turn and one from a future that was lost are left out.
    const next = lockstep.refill(0, never);
    expect(await turns.next(never)).toMatchObject({ turn: 64 });
    await answer(64, 4);
    await next;
    expect([taken, counts.duplicates]).toEqual([[1, 4], 2]);
  });

  it('asks again where the answer was refused', async () => {
    const { keys, lockstep, producer, turns, taken, answer } = await system();
    const filled = lockstep.refill(0, never);
    await turns.next(never);
    await producer.append(randomTransitions(64, 1), 0);
    expect(await turns.next(never)).toMatchObject({ turn: 0 });
    await answer(0, 5, 21);
    expect(await turns.next(never)).toMatchObject({ turn: 0 });
    await answer(0, 6);
    await filled;
    expect(taken).toEqual([6]);
    expect((await redis.client.run((r) => r.xrange(keys.quarantine, '-', '+'))).map(([, fields]) => fields[1])).toEqual([
      'in lockstep an entry must say where the environments stand, and this one does not', 'a walk\'s episodes must be at most 20 steps old, environment 0\'s is 21',
    ]);
  });

  it('stops with its signal, and refuses a walk that is missing or does not fit', async () => {
    const { lockstep } = await system();
    await lockstep.refill(0, AbortSignal.abort());
    expect(() => checkWalk(null, limits)).toThrow(WireFormatError);
    const checkpoint = (bytes: Uint8Array | null): LoadedCheckpoint => ({ path: '1-7', token: 1, step: 7, state: null, holds: () => bytes !== null, file: () => bytes ?? new Uint8Array(0) });
    const bytes = encodeWalk({ turn: 0, walk: walkAt(1) });
    expect(restoredWalk(null, limits)).toBeNull();
    expect(restoredWalk(checkpoint(null), limits)).toBeNull();
    expect(restoredWalk(checkpoint(bytes), limits)).toBe(bytes);
    expect(() => restoredWalk(checkpoint(bytes), { ...limits, environments: 2 })).toThrow(CheckpointError);
  });
});
