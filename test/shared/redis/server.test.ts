import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransportError } from '../../../shared/errors.js';
import { connectRedis } from '../../../shared/redis/client.js';
import { runKeys } from '../../../shared/redis/keys.js';
import { ActorLease, LearnerLease } from '../../../shared/redis/lease.js';
import { findRedisServer, startRedis, type RedisServer } from '../../../shared/redis/server.js';
import { TransitionProducer } from '../../../shared/redis/transitionProducer.js';
import { TransitionConsumer } from '../../../shared/redis/transitionStream.js';
import { randomTransitions } from '../wire/batches.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archwalk-server-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Kills the server as the kernel would, and waits until it is gone. */
function killHard(server: RedisServer): void {
  process.kill(server.pid ?? 0, 'SIGKILL');
  execFileSync('sh', ['-c', `while kill -0 ${server.pid} 2>/dev/null && ! grep -q '^State:.Z' /proc/${server.pid}/status 2>/dev/null; do :; done`]);
}

describe('the private Redis', () => {
  it('starts on a socket in the run\'s folder, keeps its data through a stop, and leaves its log', async () => {
    const server = await startRedis({ url: null, folder });
    expect(server.url).toBe(`unix://${folder}/redis.sock`);
    const client = await connectRedis({ url: server.url, name: 'x' });
    expect(client.facts).toMatchObject({ maxmemoryPolicy: 'noeviction', appendOnly: true });
    expect(await client.run((r) => r.config('GET', 'port'))).toEqual(['port', '0']);
    await client.run((r) => r.set('a', 'b'));
    await client.close();
    await server.stop();
    expect(() => process.kill(server.pid ?? 0, 0)).toThrow();
    await server.stop(); // a second time does nothing
    const again = await startRedis({ url: null, folder, maxMemoryBytes: 50_000_000 });
    const second = await connectRedis({ url: again.url, name: 'x' });
    expect(await second.run((r) => r.get('a'))).toBe('b');
    expect(second.facts.maxmemoryBytes).toBe(50_000_000);
    await second.close();
    await again.stop();
    expect(readFileSync(join(folder, 'redis.log'), 'utf8')).toMatch(/Ready to accept connections/i);
  });

  it('is not started where an address is given', async () => {
    const given = await startRedis({ url: 'redis://elsewhere', folder });
    expect(given).toMatchObject({ url: 'redis://elsewhere', pid: null });
    await given.stop();
    expect(existsSync(join(folder, 'redis.log'))).toBe(false);
  });

  it('takes over the server that a killed archwalk left in the folder, and can stop it', async () => {
    const first = await startRedis({ url: null, folder });
    const second = await startRedis({ url: null, folder });
    expect(second.pid).toBe(first.pid);
    await second.stop();
    expect(() => process.kill(first.pid ?? 0, 0)).toThrow();
  });

  it('starts anew over the socket and pid of a dead one', async () => {
    const first = await startRedis({ url: null, folder });
    killHard(first);
    expect(existsSync(join(folder, 'redis.sock'))).toBe(true);
    const second = await startRedis({ url: null, folder });
    expect(second.pid).not.toBe(first.pid);
    await second.stop();
  });

  it('puts its socket elsewhere where the folder\'s path is too long for one', async () => {
    const long = join(folder, 'x'.repeat(100));
    const server = await startRedis({ url: null, folder: long, appendFsync: 'no' });
    expect(server.url.length).toBeLessThan(108);
    const client = await connectRedis({ url: server.url, name: 'x' });
    await client.close();
    await server.stop();
  });

  it('says in one line why it does not start', async () => {
    await expect(startRedis({ url: null, folder, program: '/nowhere/redis-server' })).rejects.toThrow(/redis-server must start, and cannot: .*ENOENT/);
    await expect(startRedis({ url: null, folder, program: 'false' })).rejects.toThrow(/redis-server must start, and ended with 1/);
    const server = await startRedis({ url: null, folder, appendFsync: 'always' });
    await server.stop();
    writeFileSync(join(folder, 'appendonly.aof'), 'damaged');
    rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true });
    const error = await startRedis({ url: null, folder }).then((s) => s.stop(), (e: unknown) => e);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as Error).message).toMatch(/^redis-server must start, and ended with 1: .*log: .*redis.log\)$/);
    expect((error as Error).message).not.toContain('\n');
  });

  it('is found on this machine', () => expect(findRedisServer()).toMatch(/redis-server$|valkey-server$/));
});

describe('the data plane through Redis\' death', () => {
  it('loses nothing that was accepted, and counts nothing twice (append-only file, fsync always)', async () => {
    let server = await startRedis({ url: null, folder, appendFsync: 'always' });
    const { url } = server;
    const client = await connectRedis({ url, name: 'test' });
    const keys = runKeys('death');
    const lease = await LearnerLease.acquire({ client, keys, holder: 'l', minimumToken: 0, ttlMs: 60_000 });
    const limits = { configHash: 'c0ffee', codeWords: 2, neighbours: 100, maxCount: 256 } as const;
    const consumer = await TransitionConsumer.open({ client, keys, token: lease.token, limits, lowWaterTransitions: 1_024 });
    const producers = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const actor = await ActorLease.acquire({ client, keys, holder: 'a', slots: 1, ttlMs: 60_000 });
        return new TransitionProducer({ client: await connectRedis({ url, name: 'a' }), keys, configHash: 'c0ffee', boundTransitions: 2_048, maxRetainedBytes: 1e9, lease: actor });
      }),
    );
    let stopped = false;
    let appended = 0;
    const producing = producers.map(async (producer) => {
      while (!stopped) {
        await producer.append(randomTransitions(64, 1), 0);
        appended += 64;
      }
    });
    let taken = 0;
    const take = async (blockMs: number): Promise<number> => {
      const { entries, transitions } = await consumer.take(16, blockMs, () => undefined);
      taken += transitions;
      return entries;
    };
    for (let deaths = 0; deaths < 3; deaths++) {
      while (taken < (deaths + 1) * 5_000) await take(1_000);
      killHard(server);
      server = await startRedis({ url: null, folder, appendFsync: 'always' });
    }
    while (taken < 20_000) await take(1_000);
    stopped = true;
    let over = false;
    const all = Promise.all(producing).then(() => (over = true));
    while (!over) await take(10); // those that wait for room finish
    await all;
    while ((await take(1)) > 0);
    expect(taken).toBe(appended);
    expect(consumer.marks.missing).toBe(0);
    expect(await consumer.counters()).toMatchObject({ appended, ingested: appended, quarantined: 0 });
    consumer.close();
    producers.forEach((producer) => producer.close());
    await lease.release();
    await server.stop();
    client.abort();
  });
});
