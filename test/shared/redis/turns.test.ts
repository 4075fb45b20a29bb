import { afterEach, describe, expect, it } from 'vitest';
import { WireFormatError } from '../../../shared/errors.js';
import type { RunKeys } from '../../../shared/redis/keys.js';
import { LearnerLease, LeaseLostError } from '../../../shared/redis/lease.js';
import { TurnGiver, TurnTaker } from '../../../shared/redis/turns.js';
import { WeightPublisher } from '../../../shared/redis/weightChannel.js';
import { realRedis } from './realRedis.js';

const redis = realRedis();
const never = new AbortController().signal;
let takers: TurnTaker[] = [];
afterEach(() => {
  takers.forEach((taker) => taker.close());
  takers = [];
});

async function learner(keys: RunKeys): Promise<{ lease: LearnerLease; giver: TurnGiver; publisher: WeightPublisher }> {
  const lease = await LearnerLease.acquire({ client: redis.client, keys, holder: `l-${performance.now()}`, minimumToken: 0, ttlMs: 60_000 });
  const { token } = lease;
  return { lease, giver: new TurnGiver(redis.client, keys, token), publisher: new WeightPublisher({ client: redis.client, keys, token, chunkBytes: 1_024 }) };
}

async function taker(keys: RunKeys): Promise<TurnTaker> {
  const made = await TurnTaker.open(redis.client, keys);
  takers.push(made);
  return made;
}

describe('turns', () => {
  it('wait for their weights, come once, and again to an actor that starts later', async () => {
    const keys = redis.keys();
    const { giver, publisher, lease } = await learner(keys);
    const first = await taker(keys);
    const waiting = first.next(never);
    const turn = { version: 3, turn: 0, walk: null };
    expect(await giver.give(turn, false)).toBe('no weights');
    await publisher.publish(3, Buffer.from('weights'));
    expect(await giver.give(turn, false)).toBe('given');
    expect(await waiting).toEqual({ token: lease.token, version: 3, turn: 0, walk: null });
    expect(await giver.give(turn, false)).toBe('stands');
    expect(await (await taker(keys)).next(never)).toEqual({ token: lease.token, version: 3, turn: 0, walk: null });
    expect(await giver.give({ version: 3, turn: 64, walk: Uint8Array.of(1, 2) }, false)).toBe('given');
    expect(await first.next(never)).toEqual({ token: lease.token, version: 3, turn: 64, walk: Buffer.of(1, 2) });
  });

  it('are said again where the answer was refused, or where Redis lost turn or weights', async () => {
    const keys = redis.keys();
    const { giver, publisher } = await learner(keys);
    await publisher.publish(0, Buffer.from('weights'));
    const turn = { version: 0, turn: 128, walk: null };
    const actor = await taker(keys);
    await giver.give(turn, false);
    expect((await actor.next(never))?.turn).toBe(128);
    expect(await giver.give(turn, true)).toBe('given');
    expect((await actor.next(never))?.turn).toBe(128);
    await redis.client.run((r) => r.del(keys.turns, keys.weightPointer));
    expect(await giver.give(turn, false)).toBe('no weights');
    await publisher.publish(0, Buffer.from('weights'));
    expect(await giver.give(turn, false)).toBe('given');
    expect((await actor.next(never))?.turn).toBe(128);
  });

  it('are the newest learner\'s alone', async () => {
    const keys = redis.keys();
    const old = await learner(keys);
    await old.publisher.publish(1, Buffer.from('weights'));
    await old.lease.release();
    const next = await learner(keys);
    await expect(old.giver.give({ version: 1, turn: 0, walk: null }, false)).rejects.toThrow(LeaseLostError);
    expect(await next.giver.give({ version: 1, turn: 0, walk: null }, false)).toBe('no weights');
    expect(await redis.client.run((r) => r.exists(keys.turns))).toBe(0);
  });

  it('end with the wait, and refuse what is none', async () => {
    const keys = redis.keys();
    const stop = new AbortController();
    const waiting = (await taker(keys)).next(stop.signal);
    stop.abort();
    expect(await waiting).toBeNull();
    await redis.client.run((r) => r.xadd(keys.turns, '*', 'k', '1', 'v', '-1', 'i', '0', 'a', ''));
    await expect((await taker(keys)).next(never)).rejects.toThrow(WireFormatError);
  });
});
