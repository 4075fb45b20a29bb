/** @file How actors and evaluators join a run: Redis, the run's record, its benchmark. */
import { openBenchmark } from '../benchmarks/registry.js';
import type { Benchmark, OpeningProgress } from '../benchmarks/types.js';
import { validateConfig } from '../config/resolve.js';
import type { Config } from '../config/schema.js';
import type { Closing } from '../lifecycle.js';
import { type Logger, createLogger } from '../logger.js';
import type { RewardShaping } from '../mdp/reward.js';
import type { Role } from '../metrics/catalogue.js';
import { MetricSet } from '../metrics/metricSet.js';
import { type RedisClient, connectRedis } from '../redis/client.js';
import { type RunKeys, runKeys } from '../redis/keys.js';
import { awaitRunRecord } from '../redis/runRecord.js';
import type { ServiceArguments } from './serviceArguments.js';

export interface JoinedRun {
  readonly client: RedisClient;
  readonly keys: RunKeys;
  readonly config: Config;
  readonly configHash: string;
  readonly shaping: RewardShaping;
  readonly benchmark: Benchmark;
  readonly logger: Logger;
  readonly metrics: MetricSet;
}

/** Waits for the run's learner, then opens what it says. @throws ConfigError, DatasetError, TransportError */
export async function joinRun(role: Role, service: ServiceArguments, signal: AbortSignal, closing: Closing): Promise<JoinedRun> {
  const run = service.folder.name;
  const startLogger = createLogger({ role, id: service.id, run, level: 'info' });
  const metrics = new MetricSet(role);
  const client = await connectRedis({ url: service.redisUrl, silentMs: service.environment.redisSilentMs, name: `${role}:${service.id}`, onEvent: (line) => startLogger.warn(line) });
  client.onReconnect(() => metrics.reconnected());
  closing.add('the connection to Redis', () => client.close());
  const keys = runKeys(run);
  const record = await awaitRunRecord(client, keys, signal);
  const config = validateConfig(record.config);
  const logger = createLogger({ role, id: service.id, run, level: config.metrics.logLevel });
  const benchmark = await openRunBenchmark(config, service.environment.dataFolder);
  return { client, keys, config, configHash: record.configHash, shaping: record.shaping as RewardShaping, benchmark, logger, metrics };
}

/** The benchmark a configuration names. @throws ConfigError, DatasetError */
export function openRunBenchmark({ experiment, benchmark }: Config, dataFolder: string, onProgress?: OpeningProgress): Promise<Benchmark> {
  const { benchmark: name, dataset, backend } = experiment;
  return openBenchmark({ name, dataset, backend, ...benchmark, dataFolder, ...(onProgress === undefined ? {} : { onProgress }) });
}
