/** @file The learner process: one per run, by a fenced lease. */
import { hostname } from 'node:os';
import { createLearnerEngine } from '../../shared/agent/createEngine.js';
import { configHash as hashOf } from '../../shared/config/resolve.js';
import { type Config, largestBatch } from '../../shared/config/schema.js';
import { readRunConfig } from '../../shared/config/runFolder.js';
import { createSummaryWriter } from '../../shared/engine/summaryWriter.js';
import { loadTensorflow } from '../../shared/engine/tensorflow.js';
import { ArchwalkError } from '../../shared/errors.js';
import { type MainContext, runMain } from '../../shared/lifecycle.js';
import { createLogger } from '../../shared/logger.js';
import { measureShaping } from '../../shared/mdp/reward.js';
import { TokenEncoder } from '../../shared/mdp/tokens.js';
import { MetricSet } from '../../shared/metrics/metricSet.js';
import { RunLog } from '../../shared/metrics/runLog.js';
import { connectRedis } from '../../shared/redis/client.js';
import { runKeys } from '../../shared/redis/keys.js';
import { LearnerLease } from '../../shared/redis/lease.js';
import { publishRunRecord } from '../../shared/redis/runRecord.js';
import { StatusBoard } from '../../shared/redis/status.js';
import { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import { WeightPublisher } from '../../shared/redis/weightChannel.js';
import { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import { RateLimiter } from '../../shared/replay/rateLimiter.js';
import { Rng } from '../../shared/rng.js';
import { engineChoice, networkSpec, optimizerSpec } from '../../shared/run/engineOf.js';
import { openRunBenchmark } from '../../shared/run/joinRun.js';
import { serveRole } from '../../shared/run/serveRole.js';
import { serviceArguments } from '../../shared/run/serviceArguments.js';
import { Checkpointer } from './checkpointer.js';
import { Learner } from './learner.js';
import { Publisher } from './publisher.js';
import { Reporter } from './reporter.js';

await runMain(async ({ signal, closing }: MainContext) => {
  const service = serviceArguments();
  const { folder, id } = service;
  const config: Config = readRunConfig(folder);
  const configHash = hashOf(config);
  const logger = createLogger({ role: 'learner', id, run: folder.name, level: config.metrics.logLevel });
  const metrics = new MetricSet('learner');
  const benchmark = await openRunBenchmark(config, service.environment.dataFolder);
  const client = await connectRedis({ url: service.redisUrl, name: `learner:${id}`, onEvent: (line) => logger.warn(line) });
  client.onReconnect(() => metrics.reconnected());
  closing.add('the connection to Redis', () => client.close());
  const keys = runKeys(folder.name);
  const lease = await LearnerLease.acquire({ client, keys, holder: `${hostname()}:${process.pid}`, minimumToken: 0 });
  closing.add('the lease', () => lease.release());

  const choice = engineChoice(config);
  const engine = await createLearnerEngine({
    spec: networkSpec(config, benchmark), seed: config.experiment.seed, batchSize: config.learner.batchSize, optimizer: optimizerSpec(config), threads: config.engine.learnerThreads, ...choice,
  });
  closing.add('the engine', () => engine.dispose());
  const rng = new Rng(config.experiment.seed).split('learner');
  const replay = new PrioritizedReplay({ ...config.replay, codeWords: benchmark.space.codeWords });
  const limiter = new RateLimiter({
    samplesPerInsert: config.learner.samplesPerInsert, minSize: config.learner.warmUpTransitions, batchSize: config.learner.batchSize, maxInsert: largestBatch(config),
  });
  const shaping = measureShaping(benchmark, config.mdp.shapingAlpha, config.mdp.shapingSamples, new Rng(config.experiment.seed).split('shaping'));
  const consumer = await TransitionConsumer.open({
    client, keys, token: lease.token, lowWaterTransitions: config.redis.streamTransitions / 2,
    limits: { configHash, codeWords: benchmark.space.codeWords, neighbours: config.mdp.neighbours, maxCount: largestBatch(config) },
  });
  const channel = new WeightPublisher({ client, keys, token: lease.token, chunkBytes: config.redis.weightChunkBytes });
  const publisher = new Publisher({ engine, channel, config, configHash, metrics, versionBefore: -1 });
  await publishRunRecord(client, keys, { config, configHash, shaping });

  const learner = new Learner({
    config, folder, engine, replay, limiter, rng, consumer, publisher, metrics, logger, stepsBefore: 0, secondsBefore: 0,
    encoder: new TokenEncoder(benchmark, config.mdp.neighbours), checkpointer: new Checkpointer(),
  });
  const tensorflow = await loadTensorflow({ threads: config.engine.learnerThreads, device: choice.device, bf16: choice.precision === 'bf16' });
  const log = new RunLog(folder.metrics, createSummaryWriter(tensorflow, folder.tensorboard));
  const board = new StatusBoard(client, keys);
  const reporter = new Reporter({
    id, config, client, board, consumer, trainer: learner.trainer, replay, limiter, metrics, log, shapingQueries: shaping.queries, weightVersion: () => publisher.version,
  });
  const timer = setInterval(() => void reporter.report().catch((error: unknown) => logger.warn(error instanceof ArchwalkError ? error.message : String(error))), 1_000);
  closing.add('the reports', () => clearInterval(timer));
  await serveRole(metrics, config, { unhealthy: () => null, unready: () => null }, closing);
  await learner.run(AbortSignal.any([signal, lease.lost]));
  return 0;
});
