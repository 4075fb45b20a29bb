/** @file Puts a learner together: anew, or from the newest checkpoint of its run. */
import { createLearnerEngine } from '../../shared/agent/createEngine.js';
import type { Benchmark } from '../../shared/benchmarks/types.js';
import { CheckpointStore } from '../../shared/checkpoint/checkpointStore.js';
import { configMeaning, configHash as hashOf } from '../../shared/config/resolve.js';
import { type Config, largestBatch } from '../../shared/config/schema.js';
import type { Closing } from '../../shared/lifecycle.js';
import type { Logger } from '../../shared/logger.js';
import { QueryCounter } from '../../shared/mdp/queryCounter.js';
import { type RewardShaping, measureShaping } from '../../shared/mdp/reward.js';
import { TokenEncoder } from '../../shared/mdp/tokens.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import type { RedisClient } from '../../shared/redis/client.js';
import type { RunKeys } from '../../shared/redis/keys.js';
import { LearnerLease } from '../../shared/redis/lease.js';
import { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import { TurnGiver } from '../../shared/redis/turns.js';
import { WeightPublisher } from '../../shared/redis/weightChannel.js';
import { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import { RateLimiter } from '../../shared/replay/rateLimiter.js';
import { Rng } from '../../shared/rng.js';
import { engineChoice, networkSpec, optimizerSpec } from '../../shared/run/engineOf.js';
import type { ServiceArguments } from '../../shared/run/serviceArguments.js';
import { walkLimits } from '../../shared/run/walkLimits.js';
import { Checkpointer } from './checkpointer.js';
import { checkCodes, insert } from './ingest.js';
import { Learner } from './learner.js';
import { type LearnerState, type Restorable, parseLearnerState, restoreLearner } from './learnerState.js';
import { Lockstep, checkWalk, restoredWalk } from './lockstep.js';
import { Publisher } from './publisher.js';

export interface AssembleOptions {
  readonly service: ServiceArguments;
  readonly config: Config;
  readonly benchmark: Benchmark;
  readonly client: RedisClient;
  readonly keys: RunKeys;
  readonly metrics: MetricSet;
  readonly logger: Logger;
  readonly holder: string;
  readonly closing: Closing;
}

export interface AssembledLearner extends Restorable {
  readonly learner: Learner;
  readonly lease: LearnerLease;
  readonly configHash: string;
  readonly shaping: RewardShaping;
  readonly consumer: TransitionConsumer;
  readonly publisher: Publisher;
  readonly checkpointer: Checkpointer;
}

/** @throws ConfigError if another learner is alive; CheckpointError if none of the checkpoints can be used; EngineError */
export async function assembleLearner(options: AssembleOptions): Promise<AssembledLearner> {
  const { service, config, benchmark, client, keys, metrics, logger, holder, closing } = options;
  const configHash = hashOf(config);
  const store = new CheckpointStore({ folder: service.folder.checkpoints, keep: config.learner.checkpointsKept, identity: { configHash, config: configMeaning(config) } });
  const lease = await LearnerLease.acquire({ client, keys, holder, ttlMs: 1000 * config.redis.learnerLeaseSeconds, minimumToken: await store.highestToken() });
  closing.add('the lease', () => lease.release());
  const parts = await makeParts(config, benchmark, closing);
  const checkpoint = await store.loadNewest((line) => logger.error(line));
  const state = checkpoint === null ? null : parseLearnerState(checkpoint.state);
  if (checkpoint !== null && state !== null) restoreLearner(checkpoint, state, parts);
  const shaping = state?.shaping ?? measureShaping(benchmark, config.mdp.shapingAlpha, config.mdp.shapingSamples, new Rng(config.experiment.seed).split('shaping'), parts.queries);
  const consumer = await openConsumer(options, lease.token, configHash, state);
  const channel = new WeightPublisher({ client, keys, token: lease.token, chunkBytes: config.redis.weightChunkBytes });
  const publisher = new Publisher({ engine: parts.engine, channel, config, configHash, metrics, versionBefore: state?.weightVersion ?? -1 });
  const limits = walkLimits(config, benchmark);
  const lockstep = config.learner.lockstep
    ? new Lockstep({
        limits, limiter: parts.limiter, consumer, publisher, turns: new TurnGiver(client, keys, lease.token),
        insert: (columns) => insert({ ...parts, metrics, benchmark }, columns), onDuplicate: () => metrics.add('streamDuplicates'),
      }, restoredWalk(checkpoint, limits))
    : null;
  const checkpointer = new Checkpointer({ ...parts, store, token: lease.token, config, configHash, weightsPath: service.folder.weights, shaping, consumer, walk: () => lockstep?.walk ?? null, metrics, logger });
  const learner = new Learner({
    ...parts, config, benchmark, encoder: new TokenEncoder(benchmark, config.mdp.neighbours), consumer, publisher, checkpointer, lockstep, metrics, logger, before: state ?? { steps: 0, seconds: 0 },
  });
  logger.info({ token: lease.token, steps: state?.steps ?? 0, replay: parts.replay.size }, checkpoint === null ? 'a new run' : `goes on from ${checkpoint.path}`);
  return { ...parts, learner, lease, configHash, shaping, consumer, publisher, checkpointer };
}

async function makeParts(config: Config, benchmark: Benchmark, closing: Closing): Promise<Restorable> {
  const { codeWords } = benchmark.space;
  const engine = await createLearnerEngine({
    spec: networkSpec(config, benchmark), seed: config.experiment.seed, batchSize: config.learner.batchSize, optimizer: optimizerSpec(config), threads: config.engine.learnerThreads, ...engineChoice(config),
  });
  closing.add('the engine', () => engine.dispose());
  return {
    engine,
    replay: new PrioritizedReplay({ ...config.replay, codeWords }),
    limiter: new RateLimiter({
      samplesPerInsert: config.learner.samplesPerInsert, minSize: config.learner.warmUpTransitions, batchSize: config.learner.batchSize, maxInsert: largestBatch(config),
    }),
    queries: new QueryCounter(),
    rng: new Rng(config.experiment.seed).split('learner'),
  };
}

async function openConsumer({ config, benchmark, client, keys, logger }: AssembleOptions, token: number, configHash: string, state: LearnerState | null): Promise<TransitionConsumer> {
  const walks = config.learner.lockstep ? walkLimits(config, benchmark) : null;
  const consumer = await TransitionConsumer.open({
    client, keys, token, lowWaterTransitions: config.redis.streamTransitions / 2,
    check: (columns, walk) => {
      checkCodes(benchmark, columns);
      if (walks !== null) checkWalk(walk, walks);
    },
    limits: { configHash, codeWords: benchmark.space.codeWords, neighbours: config.mdp.neighbours, maxCount: largestBatch(config) },
  });
  const lost = state === null ? 0 : await consumer.restore(state.stream);
  if (lost > 0) logger.error(`${lost} transitions were trimmed behind a newer checkpoint than the one loaded, and are lost to this run`);
  return consumer;
}
