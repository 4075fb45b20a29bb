/**
 * @file The processes that stream.ts measures with. Arguments: role, Redis address, run. `producer` appends batches of 256 as fast
 * as it may; `list` pushes the same bytes on a plain Redis list, the peer; `reader` fetches each announced snapshot on four
 * readers and tells when all have it; `pinger` tells every round trip time.
 */
import { connectRedis } from '../../shared/redis/client.js';
import { runKeys } from '../../shared/redis/keys.js';
import { ActorLease } from '../../shared/redis/lease.js';
import { TransitionProducer } from '../../shared/redis/transitionProducer.js';
import { WeightReader } from '../../shared/redis/weightChannel.js';
import { encodeTransitions } from '../../shared/wire/transitions.js';
import { decodeWeights } from '../../shared/wire/weights.js';
import type { TransitionColumns } from '../../shared/mdp/types.js';
import { Rng } from '../../shared/rng.js';
import { randomEntry } from './randomEntry.js';
import { BOUND, CONFIG_HASH, READERS_A_PROCESS } from './streamSetting.js';

const [, , role = '', url = '', run = ''] = process.argv;
const keys = runKeys(run);
const client = await connectRedis({ url, name: role });
let stopped = false;
process.on('message', () => (stopped = true));
process.on('disconnect', () => process.exit(0));

async function produce(): Promise<void> {
  const lease = await ActorLease.acquire({ client, keys, holder: `${role}:${process.pid}`, slots: 1, ttlMs: 60_000 });
  const producer = new TransitionProducer({ client, keys, configHash: CONFIG_HASH, boundTransitions: BOUND, maxRetainedBytes: 2e9, lease });
  const entries = Array.from({ length: 16 }, (_, i) => randomEntry(new Rng(i)));
  process.send?.('ready');
  for (let i = 0; !stopped; i++) await producer.append(entries[i % entries.length] as TransitionColumns, i);
}

/** Bounded by the list's length, which every push returns: one over it waits for the reader to have caught up. */
async function push(): Promise<void> {
  const entries = Array.from({ length: 16 }, (_, i) => randomEntry(new Rng(i)));
  process.send?.('ready');
  for (let i = 1; !stopped; i++) {
    const bytes = encodeTransitions({ configHash: CONFIG_HASH, actor: process.pid, incarnation: 1, sequence: i, weightVersion: 0 }, entries[i % entries.length] as TransitionColumns);
    const length = await client.run((redis) => redis.rpush(`${keys.prefix}list`, bytes));
    while (!stopped && length * 256 > BOUND && (await client.run((redis) => redis.llen(`${keys.prefix}list`))) * 256 > BOUND);
  }
}

async function read(): Promise<void> {
  const readers = await Promise.all(
    Array.from({ length: READERS_A_PROCESS }, async (_, i) => {
      const reader = new WeightReader({ client: await connectRedis({ url, name: role }), keys, reader: `${process.pid}:${i}`, permits: 4, jitterMs: 50 });
      await reader.onVersion(() => void follow(reader));
      return reader;
    }),
  );
  let had = 0;
  const follow = async (reader: WeightReader): Promise<void> => {
    const fetched = await reader.fetchNewest();
    if (fetched === null) return;
    decodeWeights(fetched.bytes);
    if (++had % readers.length === 0) process.send?.('have');
  };
  process.send?.('ready');
}

async function ping(): Promise<void> {
  process.send?.('ready');
  // A parent that has heard enough is gone before the last answer: that send may fail.
  while (!stopped) process.send?.(await client.pingMs(), undefined, {}, () => undefined);
}

const roles = new Map([['producer', produce], ['list', push], ['reader', read], ['pinger', ping]]);
await roles.get(role)?.();
