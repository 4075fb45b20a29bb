import { describe, expect, it } from 'vitest';
import { ConfigError, InvariantError } from '../../../shared/errors.js';
import type { RunKeys } from '../../../shared/redis/keys.js';
import { ActorLease, asList, LearnerLease } from '../../../shared/redis/lease.js';
import { realRedis } from './realRedis.js';

const redis = realRedis();

const lease = (keys: RunKeys, slots = 4, ttlMs = 60_000): Promise<ActorLease> => ActorLease.acquire({ client: redis.client, keys, holder: 'h', slots, ttlMs });
const learner = (keys: RunKeys, holder: string, ttlMs = 300, minimumToken = 0): Promise<LearnerLease> => LearnerLease.acquire({ client: redis.client, keys, holder, ttlMs, minimumToken });

/** Lets a lease run out by Redis' clock, without waiting for it. */
async function expire(keys: RunKeys, id: number): Promise<void> {
  const text = (await redis.client.run((r) => r.hget(keys.actors, String(id)))) as string;
  await redis.client.run((r) => r.hset(keys.actors, String(id), text.replace(/^(\d+:\d+:\d+):\d+:/, '$1:1:')));
}

describe('the learner\'s lease', () => {
  it('refuses a second learner while the first lives, and names it', async () => {
    const keys = redis.keys();
    const first = await learner(keys, 'host-a:17');
    await expect(learner(keys, 'host-b:18')).rejects.toThrow(`run ${keys.run} must have one learner, and host-a:17 is it`);
    await expect(learner(keys, 'host-b:18')).rejects.toThrow(ConfigError);
    expect(first.lost.aborted).toBe(false);
    await first.release();
    expect((await learner(keys, 'host-b:18')).token).toBe(first.token + 1);
  });

  it('waits for the lease of one that died', async () => {
    const keys = redis.keys();
    const first = await learner(keys, 'a', 150);
    first.stopRenewing();
    expect((await learner(keys, 'b')).token).toBe(2);
  });

  it('tells one that was paused that it is over', async () => {
    const keys = redis.keys();
    const first = await learner(keys, 'a');
    await redis.client.run((r) => r.del(keys.learnerLease)); // its lifetime passed while it was stopped
    await learner(keys, 'b');
    await new Promise((resolve) => first.lost.addEventListener('abort', resolve));
    expect(await first.renew()).toBe(false);
    await first.release();
    expect(await redis.client.run((r) => r.get(keys.learnerLease))).toBe('2:b');
  });

  it('keeps one that was paused while nobody took over', async () => {
    const keys = redis.keys();
    const first = await learner(keys, 'a');
    await redis.client.run((r) => r.del(keys.learnerLease));
    expect(await first.renew()).toBe(true);
    await expect(learner(keys, 'b')).rejects.toThrow(ConfigError);
    await first.release();
  });

  it('gives the same holder its token again, and exceeds the checkpoints\' tokens after Redis lost its data', async () => {
    const keys = redis.keys();
    const first = await learner(keys, 'a', 60_000);
    expect((await learner(keys, 'a', 60_000)).token).toBe(first.token);
    await redis.client.run((r) => r.del(keys.learnerLease, keys.learnerToken));
    expect((await learner(keys, 'b', 300, 41)).token).toBe(42);
    // The counter alone was rolled back: the same holder does not keep a token that is not the newest.
    await redis.client.run((r) => r.set(keys.learnerToken, 50));
    expect((await learner(keys, 'b', 300)).token).toBe(51);
  });
});

describe('actor leases', () => {
  it('give 40 actors at once ids 0..39, growing incarnations and a ladder without holes', async () => {
    const keys = redis.keys();
    const leases = await Promise.all(Array.from({ length: 40 }, () => lease(keys)));
    const sorted = (of: (l: ActorLease) => number): number[] => leases.map(of).sort((a, b) => a - b);
    expect(sorted((l) => l.id)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(sorted((l) => l.base)).toEqual(Array.from({ length: 40 }, (_, i) => 4 * i));
    expect(new Set(leases.map((l) => l.incarnation)).size).toBe(40);
    expect(Math.min(...leases.map((l) => l.incarnation))).toBeGreaterThan(1.7e12);
    leases.forEach((l) => l.stopRenewing());
  });

  it('give freed places out again, lowest first, under a later incarnation', async () => {
    const keys = redis.keys();
    const leases = [await lease(keys), await lease(keys), await lease(keys), await lease(keys)];
    await leases[2]?.release();
    await expire(keys, 1);
    const next = await lease(keys);
    expect([next.id, next.base]).toEqual([1, 4]);
    expect(next.incarnation).toBeGreaterThan(leases[3]?.incarnation ?? 0);
    const after = await lease(keys);
    expect([after.id, after.base]).toEqual([2, 8]);
    expect(await leases[1]?.renew()).toBe(false);
    expect(await leases[0]?.renew()).toBe(true);
    for (const l of [...leases, next, after]) l.stopRenewing();
  });

  it('fit blocks of different sizes into the lowest gap that holds them', async () => {
    const keys = redis.keys();
    const [a, b, c] = [await lease(keys, 4), await lease(keys, 2), await lease(keys, 4)]; // 0..3, 4..5, 6..9
    await b.release();
    expect((await lease(keys, 3)).base).toBe(10);
    expect((await lease(keys, 2)).base).toBe(4);
    await a.release();
    expect((await lease(keys, 1)).base).toBe(0);
    expect((await lease(keys, 3)).base).toBe(1);
    c.stopRenewing();
  });

  it('survive a pause while nobody wants the place, and tell their holder when it is gone', async () => {
    const keys = redis.keys();
    const first = await lease(keys, 4, 300);
    await expire(keys, 0);
    expect(await first.renew()).toBe(true);
    await expire(keys, 0);
    const gone = new Promise((resolve) => first.lost.addEventListener('abort', resolve));
    const second = await lease(keys);
    await gone;
    expect(second.id).toBe(0);
    await first.release(); // is not its own any more: nothing happens
    expect(await second.renew()).toBe(true);
    second.stopRenewing();
  });

  it('grow past incarnations that a forgotten Redis never gave', async () => {
    const keys = redis.keys();
    await redis.client.run((r) => r.set(keys.incarnations, '4000000000000'));
    expect((await lease(keys)).incarnation).toBe(4_000_000_000_001);
  });

  it('forget old sequence numbers once there are many', async () => {
    const keys = redis.keys();
    const living = await lease(keys);
    const fields = Array.from({ length: 4_200 }, (_, i) => [String(1_000 + i), '1']).flat();
    await redis.client.run((r) => r.hset(keys.sequences, String(living.incarnation), '7', ...fields));
    await lease(keys);
    expect(await redis.client.run((r) => r.hgetall(keys.sequences))).toEqual({ [living.incarnation]: '7' });
    living.stopRenewing();
  });

  it('refuse a block without slots, and a reply that is no list', async () => {
    await expect(lease(redis.keys(), 0)).rejects.toThrow(/at least 1 slot, got 0/);
    expect(() => asList('OK')).toThrow(InvariantError);
  });
});
