/** @file The learner process: one per run, by a fenced lease. */
import { hostname } from 'node:os';
import { readRunConfig } from '../../shared/config/runFolder.js';
import { createSummaryWriter } from '../../shared/engine/summaryWriter.js';
import { loadTensorflow } from '../../shared/engine/tensorflow.js';
import { EXIT } from '../../shared/errors.js';
import { describe, runMain } from '../../shared/lifecycle.js';
import { createLogger } from '../../shared/logger.js';
import { MetricSet } from '../../shared/metrics/metricSet.js';
import { RunLog } from '../../shared/metrics/runLog.js';
import { connectRedis } from '../../shared/redis/client.js';
import { runKeys } from '../../shared/redis/keys.js';
import { publishRunRecord } from '../../shared/redis/runRecord.js';
import { StatusBoard } from '../../shared/redis/status.js';
import { engineChoice } from '../../shared/run/engineOf.js';
import { openRunBenchmark } from '../../shared/run/joinRun.js';
import { serveRole } from '../../shared/run/serveRole.js';
import { serviceArguments } from '../../shared/run/serviceArguments.js';
import { assembleLearner } from './assemble.js';
import { Reporter } from './reporter.js';

const reportEveryMs = 1_000;
/** A learner that has neither stepped nor waited for this long is unhealthy. */
const stalledSeconds = 300;

await runMain(async ({ signal, closing }) => {
  const service = serviceArguments();
  const { folder, id } = service;
  const config = readRunConfig(folder);
  const logger = createLogger({ role: 'learner', id, run: folder.name, level: config.metrics.logLevel });
  const metrics = new MetricSet('learner');
  const benchmark = await openRunBenchmark(config, service.environment.dataFolder);
  const client = await connectRedis({ url: service.redisUrl, silentMs: service.environment.redisSilentMs, name: `learner:${id}`, onEvent: (line) => logger.warn(line) });
  client.onReconnect(() => metrics.reconnected());
  closing.add('the connection to Redis', () => client.close());
  const keys = runKeys(folder.name);
  const assembled = await assembleLearner({ service, config, benchmark, client, keys, metrics, logger, holder: `${hostname()}:${process.pid}`, closing });
  const { learner, lease, configHash, shaping, publisher } = assembled;
  await publishRunRecord(client, keys, { config, configHash, shaping });

  const { device, precision } = engineChoice(config);
  const tensorflow = await loadTensorflow({ threads: config.engine.learnerThreads, device, bf16: precision === 'bf16' });
  const board = new StatusBoard(client, keys);
  await board.clearStop();
  const reporter = new Reporter({
    ...assembled, id, config, client, board, trainer: learner.trainer, metrics, log: new RunLog(folder.metrics, createSummaryWriter(tensorflow, folder.tensorboard)),
    weightVersion: () => publisher.version,
  });
  const timer = setInterval(() => void reporter.report().catch((error: unknown) => logger.warn(describe(error))), reportEveryMs);
  closing.add('the reports', async () => {
    clearInterval(timer);
    await board.remove('learner', id);
  });
  await serveRole(metrics, config, {
    unhealthy: () => (learner.trainer.secondsSinceProgress > stalledSeconds ? `no learner step and no wait for ${stalledSeconds} s` : null),
    unready: () => (publisher.version < 0 ? 'no weights published yet' : null),
  }, closing);
  const finished = await learner.run(AbortSignal.any([signal, lease.lost]));
  if (lease.lost.aborted) {
    logger.error('another learner took over this run');
    return EXIT.failed;
  }
  if (finished) await board.requestStop('the goal of the run is reached');
  return finished ? EXIT.done : EXIT.interrupted;
});
