import { describe, expect, it } from 'vitest';
import { CheckpointError, InvariantError, TransportError, WireFormatError } from '../../../shared/errors.js';
import type { RunKeys } from '../../../shared/redis/keys.js';
import { ActorLease, LearnerLease, LeaseLostError } from '../../../shared/redis/lease.js';
import { TransitionProducer } from '../../../shared/redis/transitionProducer.js';
import { compareIds, idAfter, TransitionConsumer } from '../../../shared/redis/transitionStream.js';
import { encodeTransitions, type DecodedTransitions } from '../../../shared/wire/transitions.js';
import { randomTransitions } from '../wire/batches.js';
import { realRedis } from './realRedis.js';

const redis = realRedis();
const limits = { configHash: 'c0ffee', codeWords: 2, neighbours: 100, maxCount: 256 } as const;

async function learner(keys: RunKeys, lowWaterTransitions = 256): Promise<{ lease: LearnerLease; consumer: TransitionConsumer }> {
  const lease = await LearnerLease.acquire({ client: redis.client, keys, holder: `learner-${Math.trunc(performance.now() * 1000)}`, minimumToken: 0, ttlMs: 300 });
  const consumer = await TransitionConsumer.open({ client: redis.client, keys, token: lease.token, limits, lowWaterTransitions, quarantineEntries: 3 });
  return { lease, consumer };
}

async function actor(keys: RunKeys, boundTransitions = 512, maxRetainedBytes = 1e9): Promise<{ lease: ActorLease; producer: TransitionProducer }> {
  const lease = await ActorLease.acquire({ client: redis.client, keys, holder: 'actor', slots: 8 });
  return { lease, producer: new TransitionProducer({ client: redis.client, keys, configHash: 'c0ffee', boundTransitions, maxRetainedBytes, lease }) };
}

/** Resolves when the stream's counters satisfy `reached`; asks Redis itself, one round trip after the other. */
async function until(consumer: TransitionConsumer, reached: (waiting: number) => boolean): Promise<void> {
  while (!reached((await consumer.counters()).waiting)) await redis.client.pingMs();
}

describe('the transition stream', () => {
  it('carries batches in order, counts them, and trims behind a checkpoint', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys);
    const { producer, lease } = await actor(keys);
    const sent = [randomTransitions(64, 1), randomTransitions(100, 2)];
    for (const columns of sent) expect(await producer.append(columns, 7)).toEqual({ waitedMs: 0, refusals: 0 });
    const got: DecodedTransitions[] = [];
    expect(await consumer.take(10, 1_000, (batch) => got.push(batch))).toEqual({ entries: 2, transitions: 164, duplicateEntries: 0, quarantinedEntries: 0 });
    expect(got.map(({ columns }) => columns)).toEqual(sent);
    expect(got.map(({ header }) => header)).toEqual([1, 2].map((sequence) => ({ configHash: 'c0ffee', actor: 0, incarnation: lease.incarnation, sequence, weightVersion: 7 })));
    // 37 bytes a transition, and a header of some 40 a batch.
    const { retainedBytes, ...counters } = await consumer.counters();
    expect(counters).toEqual({ appended: 164, ingested: 164, outstanding: 0, quarantined: 0, waiting: 0 });
    expect(retainedBytes).toBeGreaterThanOrEqual(164 * 37);
    expect(retainedBytes).toBeLessThan(164 * 38);
    await producer.append(randomTransitions(64, 3), 7);
    const left = await consumer.trim(consumer.position.lastId);
    expect(left).toBeGreaterThan(64 * 37);
    expect(left).toBeLessThan(64 * 38);
    expect(await redis.client.run((r) => r.xlen(keys.transitions))).toBe(1);
    consumer.close();
  });

  it('carries where the environments stand beside a batch in lockstep, counts its bytes, and has it judged', async () => {
    const keys = redis.keys();
    const lease = await LearnerLease.acquire({ client: redis.client, keys, holder: 'l', minimumToken: 0 });
    const check = (_: unknown, walk: Uint8Array | null): void => {
      if (walk?.[0] === 9) throw new WireFormatError('no 9');
    };
    const consumer = await TransitionConsumer.open({ client: redis.client, keys, token: lease.token, limits, lowWaterTransitions: 1, check });
    const { producer } = await actor(keys);
    const walks: (Uint8Array | null)[] = [];
    await producer.append(randomTransitions(64, 1), 7, undefined, Uint8Array.of(1, 2, 3));
    const withWalk = (await consumer.counters()).retainedBytes;
    await producer.append(randomTransitions(64, 1), 7, undefined, Uint8Array.of(9));
    await producer.append(randomTransitions(64, 1), 7);
    expect((await consumer.counters()).retainedBytes).toBe(3 * withWalk - 3 + 1 - 3);
    expect(await consumer.take(10, 1_000, ({ walk }) => walks.push(walk))).toMatchObject({ transitions: 128, quarantinedEntries: 1 });
    expect(walks).toEqual([Buffer.of(1, 2, 3), null]);
    producer.close();
    consumer.close();
  });

  it('waits for the first entry by blocking, and returns with none after the time', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys);
    const { producer } = await actor(keys);
    const taken = consumer.take(10, 20_000, () => undefined);
    await producer.append(randomTransitions(64, 1), 0);
    expect((await taken).transitions).toBe(64);
    expect((await consumer.take(10, 1, () => undefined)).entries).toBe(0);
    expect((await consumer.take(10, 0, () => undefined)).entries).toBe(0);
    consumer.close();
  });

  it('refuses at the bound and wakes the waiting producer below the low-water mark', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys, 256);
    const { producer } = await actor(keys, 512);
    await producer.append(randomTransitions(256, 1), 0);
    await producer.append(randomTransitions(256, 2), 0);
    const third = producer.append(randomTransitions(256, 3), 0);
    await until(consumer, (waiting) => waiting === 1);
    expect((await consumer.counters()).outstanding).toBe(512);
    await consumer.take(1, 1_000, () => undefined);
    expect((await third).refusals).toBe(1);
    expect((await consumer.counters()).outstanding).toBe(512);
    producer.close();
    consumer.close();
  });

  it('counts bytes that no checkpoint covers, and lets actors go on once they are trimmed', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys);
    const { producer } = await actor(keys, 100_000, 15_000);
    await producer.append(randomTransitions(256, 1), 0); // 9.5 KB, two are over the 15,000
    await consumer.take(9, 1_000, () => undefined);
    const second = producer.append(randomTransitions(256, 2), 0);
    await until(consumer, (waiting) => waiting === 1);
    expect(await consumer.trim(consumer.position.lastId)).toBe(0);
    expect((await second).refusals).toBe(1);
    producer.close();
    consumer.close();
  });

  it('is fair: of 16 producers at a slow learner none gets more than twice another, and nothing is lost', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys, 512);
    const actors = await Promise.all(Array.from({ length: 16 }, () => actor(keys, 1_024)));
    const taken = new Map<number, number>();
    let stopped = false;
    const stop = new AbortController();
    const producing = actors.map(async ({ producer }) => {
      while (!stopped) await producer.append(randomTransitions(128, 1), 0, stop.signal).catch((error: unknown) => expect(error).toBeInstanceOf(TransportError));
    });
    for (let rounds = 0; rounds < 160; rounds++) await consumer.take(1, 5_000, ({ header }) => taken.set(header.actor, (taken.get(header.actor) ?? 0) + 1));
    stopped = true;
    stop.abort();
    await Promise.all(producing);
    const counts = [...taken.values()];
    expect(counts.length).toBe(16);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2 * Math.min(...counts));
    expect(consumer.marks.missing).toBe(0);
    expect((await consumer.counters()).outstanding).toBeLessThanOrEqual(1_024);
    actors.forEach(({ producer }) => producer.close());
    consumer.close();
  });

  it('holds its bound under a flood of 64 producers while the learner stands still, and takes up again at once', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys, 1_024);
    const actors = await Promise.all(Array.from({ length: 64 }, () => actor(keys, 2_048)));
    let done = 0;
    const flooding = actors.map(async ({ producer }) => {
      for (let i = 0; i < 4; i++) await producer.append(randomTransitions(128, i), 0);
      done++;
    });
    await until(consumer, (waiting) => waiting >= 48); // 2,048 hold 16 batches of 128; nobody takes any
    expect(await consumer.counters()).toMatchObject({ appended: 2_048, outstanding: 2_048 });
    expect((await consumer.counters()).retainedBytes).toBeLessThan(2_048 * 39);
    let taken = 0;
    while (taken < 64 * 4 * 128) {
      taken += (await consumer.take(16, 5_000, () => undefined)).transitions;
      expect((await consumer.counters()).outstanding).toBeLessThanOrEqual(2_048);
    }
    await Promise.all(flooding);
    expect([done, taken, consumer.marks.missing]).toEqual([64, 64 * 4 * 128, 0]);
    actors.forEach(({ producer }) => producer.close());
    consumer.close();
  });

  it('sends an entry that breaks a further rule to quarantine', async () => {
    const keys = redis.keys();
    const lease = await LearnerLease.acquire({ client: redis.client, keys, holder: 'l', minimumToken: 0 });
    const check = ({ actions }: { actions: Uint8Array }): void => {
      if (actions.includes(99)) throw new WireFormatError('no 99');
    };
    const consumer = await TransitionConsumer.open({ client: redis.client, keys, token: lease.token, limits, lowWaterTransitions: 1, check });
    const { producer } = await actor(keys);
    await producer.append({ ...randomTransitions(64, 1), actions: new Uint8Array(64).fill(99) }, 0);
    await producer.append({ ...randomTransitions(64, 1), actions: new Uint8Array(64) }, 0);
    expect(await consumer.take(9, 1_000, () => undefined)).toMatchObject({ transitions: 64, quarantinedEntries: 1 });
    expect(consumer.quarantined).toBe(1);
    consumer.close();
    await lease.release();
    const broken = await TransitionConsumer.open({ client: redis.client, keys, token: lease.token, limits, lowWaterTransitions: 1, check: () => { throw new InvariantError('a bug'); } });
    await expect(broken.take(9, 1_000, () => undefined)).rejects.toThrow('a bug');
    broken.close();
  });

  it('goes on past actors that died while they waited', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys, 256);
    const dead = await Promise.all(Array.from({ length: 5 }, () => actor(keys, 256)));
    const { producer } = await actor(keys, 256);
    await producer.append(randomTransitions(256, 1), 0);
    const waits = dead.map((one) => one.producer.append(randomTransitions(256, 2), 0).catch((error: unknown) => error));
    await until(consumer, (waiting) => waiting === 5);
    dead.forEach((one) => one.producer.close());
    expect((await Promise.all(waits)).every((error) => error instanceof TransportError)).toBe(true);
    for (let i = 0; i < 20; i++) {
      const next = producer.append(randomTransitions(256, i), 0);
      await consumer.take(1, 5_000, () => undefined);
      await next;
    }
    expect((await consumer.counters()).waiting).toBe(0);
    producer.close();
    consumer.close();
  });

  it('drops a batch that was sent twice, at the door and at the learner', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys);
    const { producer, lease } = await actor(keys);
    await producer.append(randomTransitions(64, 1), 0);
    // The reply was lost: the same sequence number comes again.
    const again = new TransitionProducer({ client: redis.client, keys, configHash: 'c0ffee', boundTransitions: 512, maxRetainedBytes: 1e9, lease });
    await again.append(randomTransitions(64, 1), 0);
    expect((await consumer.counters()).appended).toBe(64);
    // And past the door, as if Redis had forgotten the sequence number.
    await redis.client.run((r) => r.xadd(keys.transitions, '*', 'b', encodeTransitions({ configHash: 'c0ffee', actor: lease.id, incarnation: lease.incarnation, sequence: 1, weightVersion: 0 }, randomTransitions(64, 1))));
    expect(await consumer.take(10, 1_000, () => undefined)).toEqual({ entries: 2, transitions: 64, duplicateEntries: 1, quarantinedEntries: 0 });
    expect(consumer.marks.duplicates).toBe(1);
    consumer.close();
  });

  it('moves bad entries to quarantine with their reason, counts each once and keeps a bounded number', async () => {
    const keys = redis.keys();
    const { consumer, lease } = await learner(keys);
    const { producer } = await actor(keys);
    await producer.append(randomTransitions(64, 1), 0);
    for (let i = 0; i < 5; i++) await redis.client.run((r) => r.xadd(keys.transitions, '*', 'b', `garbage ${i}`));
    await redis.client.run((r) => r.xadd(keys.transitions, '*', 'other', 'field'));
    await producer.append(randomTransitions(64, 2), 0);
    expect(await consumer.take(20, 1_000, () => undefined)).toEqual({ entries: 8, transitions: 128, duplicateEntries: 0, quarantinedEntries: 6 });
    expect((await consumer.counters()).quarantined).toBe(6);
    const kept = await redis.client.run((r) => r.xrange(keys.quarantine, '-', '+'));
    expect(kept.map(([, fields]) => [fields[1], fields[3], fields[5]])).toEqual([
      ['an entry must be a msgpack array of 9 items, first byte is 103', '9', 'garbage 3'],
      ['an entry must be a msgpack array of 9 items, first byte is 103', '9', 'garbage 4'],
      ['an entry must be a msgpack array of 9 items, first byte is absent', '0', ''],
    ]);
    // A restarted learner reads them again: quarantined already, not counted twice.
    await lease.release();
    const { consumer: second } = await learner(keys);
    expect((await second.take(20, 1_000, () => undefined)).quarantinedEntries).toBe(6);
    expect((await second.counters()).quarantined).toBe(6);
    second.close();
    consumer.close();
  });

  it('goes on from a checkpoint: reads retained entries again, drops what it covers, frees what nobody acknowledged', async () => {
    const keys = redis.keys();
    const { consumer, lease } = await learner(keys);
    const { producer } = await actor(keys, 512);
    await producer.append(randomTransitions(128, 1), 0);
    await consumer.take(9, 1_000, () => undefined);
    const position = structuredClone(consumer.position);
    await producer.append(randomTransitions(64, 2), 0);
    await consumer.take(9, 1_000, () => undefined);
    consumer.close();
    await lease.release();

    const { consumer: resumed } = await learner(keys);
    await redis.client.run((r) => r.hset(keys.counters, 'ingested', 0)); // it died before it acknowledged
    expect(await resumed.restore(position)).toBe(0);
    expect((await resumed.counters()).ingested).toBe(128);
    expect((await resumed.take(9, 1_000, () => undefined)).transitions).toBe(64);
    expect((await resumed.counters()).outstanding).toBe(0);

    // Trimmed behind a newer checkpoint, then an older one is loaded: the 64 transitions between are lost, and it says so.
    await resumed.trim(resumed.position.lastId);
    expect(await resumed.restore(position)).toBe(64);
    await expect(resumed.restore({ ...position, lastId: 'x' })).rejects.toThrow(CheckpointError);
    await expect(resumed.restore({ ...position, appended: -1 })).rejects.toThrow(/whole number, got -1/);
    await expect(resumed.restore({ ...position, marks: [[1, 2]] as never })).rejects.toThrow(/actor marks/);
    resumed.close();
  });

  it('a learner that was paused past its lease can neither acknowledge, trim nor quarantine', async () => {
    const keys = redis.keys();
    const { lease, consumer } = await learner(keys);
    const { producer } = await actor(keys);
    await producer.append(randomTransitions(64, 1), 0);
    lease.stopRenewing(); // SIGSTOP
    const { consumer: second, lease: newer } = await learner(keys);
    expect(newer.token).toBe(lease.token + 1);
    await expect(consumer.take(9, 1_000, () => undefined)).rejects.toThrow(`learner ${newer.token} took over from ${lease.token}`);
    await expect(consumer.trim('1-1')).rejects.toThrow(LeaseLostError);
    await redis.client.run((r) => r.xadd(keys.transitions, '*', 'b', 'bad'));
    await expect(consumer.take(9, 1_000, () => undefined)).rejects.toThrow(LeaseLostError);
    expect(await lease.renew()).toBe(false);
    expect(await second.counters()).toMatchObject({ ingested: 0, quarantined: 0 });
    expect((await second.take(9, 1_000, () => undefined)).transitions).toBe(64);
    second.close();
    consumer.close();
  });

  it('refuses an actor whose lease was given away, and takes the same batch under its new one', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys);
    const { producer, lease } = await actor(keys);
    await producer.append(randomTransitions(64, 1), 0);
    await lease.release();
    const other = await actor(keys);
    expect(other.lease.id).toBe(lease.id);
    await expect(producer.append(randomTransitions(64, 2), 0)).rejects.toThrow(LeaseLostError);
    const renewed = await ActorLease.acquire({ client: redis.client, keys, holder: 'actor', slots: 8 });
    producer.useLease(renewed);
    await producer.append(randomTransitions(64, 2), 0);
    await other.producer.append(randomTransitions(64, 3), 0);
    expect((await consumer.take(9, 1_000, () => undefined)).transitions).toBe(192);
    expect(consumer.marks.missing).toBe(0);
    consumer.close();
  });

  it('gives up waiting when its signal fires, and can append again after', async () => {
    const keys = redis.keys();
    const { consumer } = await learner(keys, 128);
    const { producer } = await actor(keys, 128);
    await producer.append(randomTransitions(128, 1), 0);
    const stop = new AbortController();
    const refused = producer.append(randomTransitions(128, 2), 0, stop.signal);
    await until(consumer, (waiting) => waiting === 1);
    stop.abort();
    await expect(refused).rejects.toThrow(TransportError);
    const again = producer.append(randomTransitions(128, 2), 0);
    await consumer.take(1, 1_000, () => undefined);
    await again;
    expect((await consumer.take(9, 1_000, () => undefined)).transitions).toBe(128);
    expect(consumer.marks.missing).toBe(0);
    producer.close();
    consumer.close();
  });
});

describe('stream ids', () => {
  it('compare as pairs of numbers and have a successor', () => {
    expect(compareIds('9-5', '10-1')).toBeLessThan(0);
    expect(compareIds('10-10', '10-9')).toBeGreaterThan(0);
    expect(compareIds('18446744073709551615-1', '18446744073709551615-1')).toBe(0);
    expect(idAfter('5-9')).toBe('5-10');
  });
});
