/**
 * @file The data plane through a real Redis on this machine (unix socket, no append-only file): stream.transitions, from 8 producer
 * processes into the learner's replay of 2,000,000, beside the same bytes over a plain Redis list; learner CPU and bytes a transition;
 * weights.broadcast32, seconds until 32 readers in 8 processes hold a published 12.6 M-parameter snapshot, decoded, and the
 * round trips of another client meanwhile.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectRedis } from '../../shared/redis/client.js';
import { runKeys } from '../../shared/redis/keys.js';
import { LearnerLease } from '../../shared/redis/lease.js';
import { startRedis } from '../../shared/redis/server.js';
import { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import { WeightPublisher } from '../../shared/redis/weightChannel.js';
import { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import { decodeTransitions } from '../../shared/wire/transitions.js';
import { encodeWeights, type WeightPrecision } from '../../shared/wire/weights.js';
import { median, report } from './figure.js';
import { ENTRY } from './randomEntry.js';
import { BOUND, CONFIG_HASH, READERS_A_PROCESS } from './streamSetting.js';

const PRODUCERS = 8;
const READERS = 32;
const PARAMETERS = 12_600_000;
const WINDOWS = 7;
const windowMs = 1_000;
const limits = { configHash: CONFIG_HASH, codeWords: 2, neighbours: 100, maxCount: ENTRY } as const;

/** Arguments choose: `transitions`, `weights`; none measures both. */
const chosen = process.argv.slice(2);
const isChosen = (part: string): boolean => chosen.length === 0 || chosen.includes(part);

const folder = mkdtempSync(join(tmpdir(), 'archwalk-bench-'));
const server = await startRedis({ url: null, folder, appendFsync: 'no' });
const client = await connectRedis({ url: server.url, name: 'bench' });

async function startWorkers(role: string, count: number, run: string): Promise<ChildProcess[]> {
  const workers = Array.from({ length: count }, () => fork(fileURLToPath(new URL('./streamWorker.js', import.meta.url)), [role, server.url, run]));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return workers;
}

async function endWorkers(workers: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    workers.map(async (worker) => {
      const ended = once(worker, 'exit');
      worker.disconnect();
      await ended;
    }),
  );
}

function newReplay(): PrioritizedReplay {
  return new PrioritizedReplay({ capacity: 2_000_000, codeWords: 2, priorityExponent: 0.6, importanceExponent: 0.4, priorityEpsilon: 1e-6 });
}

interface Throughput {
  /** Transitions a second, median of the windows. */
  readonly rate: number;
  /** CPU of this process, microseconds a transition. */
  readonly cpuMicros: number;
  /** CPU of Redis likewise. */
  readonly redisMicros: number;
}

/** @param takeSome takes entries once and tells how many transitions came */
async function throughput(takeSome: () => Promise<number>, betweenWindows: () => Promise<unknown>): Promise<Throughput> {
  const rates: number[] = [];
  const costs: number[] = [];
  const redisBefore = await redisCpuMicros();
  let all = 0;
  for (let window = 0; window <= WINDOWS; window++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    let transitions = 0;
    while (performance.now() - start < windowMs) transitions += await takeSome();
    const used = process.cpuUsage(cpu);
    rates.push((1000 * transitions) / (performance.now() - start));
    costs.push((used.user + used.system) / transitions);
    all += transitions;
    await betweenWindows();
  }
  return { rate: median(rates.slice(1)), cpuMicros: median(costs.slice(1)), redisMicros: ((await redisCpuMicros()) - redisBefore) / all };
}

async function redisCpuMicros(): Promise<number> {
  const info = await client.run((redis) => redis.info('cpu'));
  return [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].reduce((sum, [, seconds]) => sum + 1e6 * Number(seconds), 0);
}

async function streamRate(): Promise<Throughput & { bytes: number }> {
  const keys = runKeys('stream');
  const lease = await LearnerLease.acquire({ client, keys, holder: 'bench', minimumToken: 0 });
  const consumer = await TransitionConsumer.open({ client, keys, token: lease.token, limits, lowWaterTransitions: BOUND / 2 });
  const producers = await startWorkers('producer', PRODUCERS, keys.run);
  const replay = newReplay();
  const result = await throughput(
    async () => (await consumer.take(64, 1_000, ({ columns }) => replay.add(columns))).transitions,
    () => consumer.trim(consumer.position.lastId),
  );
  const [appended, bytes] = (await client.run((redis) => redis.hmget(keys.counters, 'appended', 'appendedBytes'))).map(Number);
  await endWorkers(producers);
  if (consumer.marks.missing + consumer.marks.duplicates + consumer.quarantined > 0) throw new Error('no entry may be lost, doubled or damaged');
  consumer.close();
  await lease.release();
  return { ...result, bytes: (bytes ?? 0) / (appended ?? 1) };
}

async function listRate(): Promise<Throughput> {
  const keys = runKeys('list');
  const workers = await startWorkers('list', PRODUCERS, keys.run);
  const replay = newReplay();
  const result = await throughput(
    async () => {
      const entries = (await client.run((redis) => redis.lpopBuffer(`${keys.prefix}list`, 64))) ?? [];
      for (const entry of entries) replay.add(decodeTransitions(entry, limits).columns);
      return entries.length * ENTRY;
    },
    () => Promise.resolve(),
  );
  await endWorkers(workers);
  return result;
}

async function broadcast(precision: WeightPrecision): Promise<{ seconds: number; pingP99: number }> {
  const keys = runKeys(`weights-${precision}`);
  const lease = await LearnerLease.acquire({ client, keys, holder: 'bench', minimumToken: 0, ttlMs: 60_000 });
  const publisher = new WeightPublisher({ client, keys, token: lease.token, chunkBytes: 262_144 });
  const weights = [{ name: 'w', shape: [PARAMETERS], values: new Float32Array(PARAMETERS).fill(0.125) }];
  const readers = await startWorkers('reader', READERS / READERS_A_PROCESS, keys.run);
  const [pinger] = await startWorkers('pinger', 1, keys.run);
  const pings: number[] = [];
  pinger?.on('message', (ms) => pings.push(Number(ms)));
  const seconds: number[] = [];
  for (let version = 1; version <= 3; version++) {
    const all = Promise.all(readers.map((reader) => once(reader, 'message')));
    const start = performance.now();
    await publisher.publish(version, encodeWeights(weights, { version, learnerSteps: version, configHash: CONFIG_HASH }, precision));
    await all;
    seconds.push((performance.now() - start) / 1000);
  }
  await endWorkers([...readers, ...(pinger === undefined ? [] : [pinger])]);
  await lease.release();
  return { seconds: median(seconds), pingP99: percentile(pings, 0.99) };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

async function measureTransitions(): Promise<void> {
  const stream = await streamRate();
  const list = await listRate();
  report({ name: 'stream.transitions', value: stream.rate, unit: '1/s', peer: 'the same bytes over a plain Redis list (no accounting, no fairness, lost with the reader)', ratio: stream.rate / list.rate });
  report({ name: 'stream.learnerCpu', value: stream.cpuMicros / 1e6, unit: 's', peer: 'plain Redis list', ratio: list.cpuMicros / stream.cpuMicros });
  report({ name: 'stream.redisCpu', value: stream.redisMicros / 1e6, unit: 's', peer: 'plain Redis list', ratio: list.redisMicros / stream.redisMicros });
  report({ name: 'stream.bytes', value: stream.bytes, unit: 'B' });
}

async function measureWeights(): Promise<void> {
  for (const precision of ['f32', 'bf16'] as const) {
    const { seconds, pingP99 } = await broadcast(precision);
    const suffix = precision === 'f32' ? '' : `.${precision}`;
    report({ name: `weights.broadcast32${suffix}`, value: seconds, unit: 's' });
    report({ name: `weights.broadcast32${suffix}.pingP99`, value: pingP99 / 1000, unit: 's' });
  }
}

async function end(): Promise<void> {
  await client.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => void end().finally(() => process.exit(1)));
try {
  if (isChosen('transitions')) await measureTransitions();
  if (isChosen('weights')) await measureWeights();
} finally {
  await end();
}
