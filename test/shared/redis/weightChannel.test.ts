import { describe, expect, it } from 'vitest';
import { InvariantError, TransportError, WireFormatError } from '../../../shared/errors.js';
import type { RunKeys } from '../../../shared/redis/keys.js';
import { LearnerLease, LeaseLostError } from '../../../shared/redis/lease.js';
import { WeightPublisher, WeightReader } from '../../../shared/redis/weightChannel.js';
import { realRedis } from './realRedis.js';

const redis = realRedis();

/** A snapshot whose every byte says its version, so that a mix shows. */
const snapshot = (version: number, bytes = 10_000): Uint8Array => new Uint8Array(bytes).fill(version);

async function publisher(keys: RunKeys, options: { ttlMs?: number; oldMs?: number } = {}): Promise<{ lease: LearnerLease; publisher: WeightPublisher }> {
  const lease = await LearnerLease.acquire({ client: redis.client, keys, holder: `p${performance.now()}`, minimumToken: 0, ttlMs: options.ttlMs ?? 60_000 });
  return { lease, publisher: new WeightPublisher({ client: redis.client, keys, token: lease.token, chunkBytes: 1_024, oldMs: options.oldMs ?? 60_000 }) };
}

const reader = (keys: RunKeys, name = 'r', permits = 4): WeightReader => new WeightReader({ client: redis.client, keys, reader: name, permits });

describe('the weight channel', () => {
  it('hands over the newest snapshot once, with its age', async () => {
    const keys = redis.keys();
    const r = reader(keys);
    expect(await r.fetchNewest()).toBeNull();
    expect(r.ageMs).toBe(Infinity);
    const { publisher: p, lease } = await publisher(keys);
    await p.publish(1, snapshot(1));
    await p.publish(3, snapshot(3));
    expect(await r.fetchNewest()).toEqual({ token: lease.token, version: 3, bytes: snapshot(3) });
    expect(r.have).toEqual({ token: lease.token, version: 3 });
    expect(r.ageMs).toBeLessThan(5_000);
    expect(await r.fetchNewest()).toBeNull();
    await p.publish(4, new Uint8Array(0));
    expect((await r.fetchNewest())?.bytes.length).toBe(0);
    await expect(p.publish(3, snapshot(3))).rejects.toThrow(InvariantError);
    await lease.release();
  });

  it('announces each version to listeners', async () => {
    const keys = redis.keys();
    const { publisher: p, lease } = await publisher(keys);
    const r = reader(keys);
    const seen: number[] = [];
    let next = (): void => undefined;
    await r.onVersion(() => next());
    for (const version of [1, 2, 3]) {
      const announced = new Promise<void>((resolve) => (next = resolve));
      await p.publish(version, snapshot(version));
      await announced;
      seen.push((await r.fetchNewest())?.version ?? -1);
    }
    expect(seen).toEqual([1, 2, 3]);
    r.close();
    await lease.release();
  });

  it('keeps readers on the old version when the publisher dies midway; what it left runs out', async () => {
    const keys = redis.keys();
    const { publisher: p, lease } = await publisher(keys);
    await p.publish(1, snapshot(1));
    const dying = await redis.connect('dying');
    const half = new WeightPublisher({ client: dying, keys, token: lease.token, chunkBytes: 16, oldMs: 60_000 });
    const cut = half.publish(2, snapshot(2, 100_000)).catch((error: unknown) => error);
    while ((await redis.client.run((r) => r.hlen(keys.weightChunks(lease.token, 2)))) < 3);
    dying.abort();
    expect(await cut).toBeInstanceOf(TransportError);
    expect((await reader(keys).fetchNewest())?.bytes).toEqual(snapshot(1));
    const left = await redis.client.run((r) => r.pttl(keys.weightChunks(lease.token, 2)));
    expect(left).toBeGreaterThan(0);
    await lease.release();
  });

  it('never shows a mix of two versions to readers that fetch while it publishes', async () => {
    const keys = redis.keys();
    const { publisher: p, lease } = await publisher(keys, { oldMs: 5 }); // old chunks vanish under the readers
    await p.publish(1, snapshot(1));
    let done = false;
    const reading = Array.from({ length: 4 }, async (_, i) => {
      const r = reader(keys, `r${i}`);
      const versions: number[] = [];
      while (!done) {
        const got = await r.fetchNewest().catch((error: unknown) => {
          expect(error).toBeInstanceOf(TransportError);
          return null;
        });
        if (got === null) continue;
        expect(Buffer.compare(got.bytes, snapshot(got.version))).toBe(0);
        versions.push(got.version);
      }
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      return versions.length;
    });
    for (let version = 2; version <= 60; version++) await p.publish(version, snapshot(version));
    done = true;
    expect(Math.min(...(await Promise.all(reading)))).toBeGreaterThan(3);
    await lease.release();
  });

  it('lets old versions run out and keeps the newest for good', async () => {
    const keys = redis.keys();
    const { publisher: p, lease } = await publisher(keys);
    await p.publish(1, snapshot(1));
    await p.publish(2, snapshot(2));
    expect(await redis.client.run((r) => r.pttl(keys.weightChunks(lease.token, 1)))).toBeGreaterThan(0);
    expect(await redis.client.run((r) => r.pttl(keys.weightChunks(lease.token, 2)))).toBe(-1);
    await lease.release();
  });

  it('a paused learner that wakes cannot publish; a later token is newer whatever its version', async () => {
    const keys = redis.keys();
    const { publisher: old, lease } = await publisher(keys, { ttlMs: 200 });
    await old.publish(100, snapshot(100));
    const r = reader(keys);
    await r.fetchNewest();
    lease.stopRenewing();
    const { publisher: p, lease: newer } = await publisher(keys);
    await expect(old.publish(101, snapshot(101))).rejects.toThrow(LeaseLostError);
    expect(await r.fetchNewest()).toBeNull();
    await p.publish(90, snapshot(90)); // it resumed from a checkpoint at 90
    expect(await r.fetchNewest()).toMatchObject({ token: newer.token, version: 90 });
    // Redis came back with a pointer from before its last second: it is not followed.
    await redis.client.run((c) => c.hset(keys.weightPointer, 'version', 89));
    expect(await r.fetchNewest()).toBeNull();
    await newer.release();
  });

  it('does not announce a version whose chunks are not all there', async () => {
    const keys = redis.keys();
    const { lease } = await publisher(keys);
    const reply = await redis.client.script('publishWeights', [keys.learnerToken, keys.weightPointer, keys.weightChunks(1, 1), keys.weightChunks(1, 1)], [lease.token, 1, 10, 2, 0, 1_000, keys.weightChannel]);
    expect(reply).toEqual([-1, 0]);
    // The chunks run out between two of them.
    const brief = new WeightPublisher({ client: redis.client, keys, token: lease.token, chunkBytes: 1_024, unfinishedMs: 1 });
    await expect(brief.publish(2, snapshot(2, 200_000))).rejects.toThrow(/must have 196 chunks in Redis before it is announced, and has/);
    expect(await reader(keys).fetchNewest()).toBeNull();
    await lease.release();
  });

  it('refuses damaged bytes, pointers that are none and snapshots over the bound', async () => {
    const keys = redis.keys();
    const { publisher: p, lease } = await publisher(keys);
    await p.publish(1, snapshot(1));
    const damage = (key: string, field: string, value: string): Promise<number> => redis.client.run((r) => r.hset(key, field, value));
    await damage(keys.weightChunks(lease.token, 1), '3', 'x'.repeat(1_024));
    await expect(reader(keys).fetchNewest()).rejects.toThrow(/must outlive its fetch, and 8 vanished/);
    await damage(keys.weightChunks(lease.token, 1), '3', 'x'.repeat(20_000));
    await expect(reader(keys).fetchNewest()).rejects.toThrow(TransportError);
    await damage(keys.weightPointer, 'bytes', '99999999999');
    await expect(reader(keys).fetchNewest()).rejects.toThrow(/at most 1073741824 bytes, got 99999999999/);
    await damage(keys.weightPointer, 'bytes', '1e9');
    await expect(reader(keys).fetchNewest()).rejects.toThrow(WireFormatError);
    await lease.release();
  });

  it('lets a few fetch at a time, and passes over readers that died with a permit', async () => {
    const keys = redis.keys();
    const { publisher: p, lease } = await publisher(keys);
    await p.publish(1, snapshot(1, 200_000));
    let most = 0;
    let done = false;
    const watching = (async () => {
      while (!done) most = Math.max(most, await redis.client.run((r) => r.zcard(keys.fetchers)));
    })();
    const readers = await Promise.all(Array.from({ length: 12 }, async (_, i) => new WeightReader({ client: await redis.connect(`r${i}`), keys, reader: `r${i}`, permits: 2 })));
    const fetched = await Promise.all(readers.map((r) => r.fetchNewest()));
    done = true;
    await watching;
    expect(fetched.every((f) => f?.bytes.length === 200_000)).toBe(true);
    expect(most).toBe(2);
    // Two readers died: their permits run out in 50 ms.
    const now = await redis.client.run((r) => r.time());
    const soon = Number(now[0]) * 1_000 + Number(now[1]) / 1_000 + 50;
    await redis.client.run((r) => r.zadd(keys.fetchers, soon, 'dead-1', soon, 'dead-2'));
    expect(await reader(keys, 'late', 2).fetchNewest()).not.toBeNull();
    readers.forEach((r) => r.close());
    await lease.release();
  });
});
