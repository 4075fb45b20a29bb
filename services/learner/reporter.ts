/** @file What the learner says of itself: status once a second, metrics, the run's own log. */
import { systemClock } from '../../shared/clock.js';
import type { Config } from '../../shared/config/schema.js';
import type { QueryCounter } from '../../shared/mdp/queryCounter.js';
import { Rates } from '../../shared/metrics/intervals.js';
import type { MetricSet } from '../../shared/metrics/metricSet.js';
import type { RunLog } from '../../shared/metrics/runLog.js';
import type { ActorStatus, EvaluatorStatus, LearnerStatus } from '../../shared/metrics/status.js';
import type { RedisClient } from '../../shared/redis/client.js';
import type { StatusBoard } from '../../shared/redis/status.js';
import type { TransitionConsumer } from '../../shared/redis/transitionStream.js';
import type { PrioritizedReplay } from '../../shared/replay/prioritizedReplay.js';
import type { RateLimiter } from '../../shared/replay/rateLimiter.js';
import type { Checkpointer } from './checkpointer.js';
import type { Trainer } from './trainer.js';

export interface ReporterOptions {
  readonly id: string;
  readonly config: Config;
  readonly client: RedisClient;
  readonly board: StatusBoard;
  readonly consumer: TransitionConsumer;
  readonly trainer: Trainer;
  readonly replay: PrioritizedReplay;
  readonly limiter: RateLimiter;
  readonly metrics: MetricSet;
  readonly log: RunLog;
  readonly queries: QueryCounter;
  readonly checkpointer: Checkpointer;
  readonly weightVersion: () => number;
}

const quantiles = [0.1, 0.5, 0.9, 0.99] as const;

export class Reporter {
  state: LearnerStatus['state'] = 'warming up';
  readonly #options: ReporterOptions;
  readonly #rates = new Rates<'steps' | 'samples' | 'inserts'>(systemClock.monotonic);
  #quarantinedBefore = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** One status, metrics and a line of the log. @throws TransportError */
  async report(): Promise<void> {
    const { board, id, log, consumer } = this.#options;
    const [stream, redisMillis, statuses] = await Promise.all([consumer.counters(), this.#options.client.pingMs(), board.read()]);
    const of = <T>(role: string): T[] => statuses.filter((status) => status.role === role).map((status) => status.fields as T);
    const actors = of<ActorStatus>('actor');
    this.#options.checkpointer.retainedBytes = stream.retainedBytes;
    const status = this.#status(stream.outstanding, redisMillis, stream.quarantined);
    this.#measure(status, stream.retainedBytes);
    await board.publish('learner', id, status);
    log.write(systemClock.now(), status.inserts, logValues(status, actors, of<EvaluatorStatus>('evaluator')[0]));
  }

  #status(pendingTransitions: number, redisMillis: number, quarantined: number): LearnerStatus {
    const { trainer, replay, limiter, config, weightVersion, consumer, queries } = this.#options;
    const rates = this.#rates.take({ steps: trainer.steps, samples: limiter.samples, inserts: replay.inserted });
    const shares = trainer.stopwatch.take(['wait', 'engine']);
    if (trainer.steps > 0 && this.state === 'warming up') this.state = 'training';
    return {
      state: this.state, steps: trainer.steps, targetSteps: config.learner.steps, samples: limiter.samples, inserts: replay.inserted,
      replaySize: replay.size, replayCapacity: replay.capacity, warmUpTransitions: config.learner.warmUpTransitions,
      stepsPerSecond: rates.steps, samplesPerSecond: rates.samples, insertsPerSecond: rates.inserts,
      loss: trainer.last?.loss ?? NaN, meanQ: trainer.last?.meanQ ?? NaN, meanTdError: meanAbsolute(trainer.last?.tdErrors), gradientNorm: trainer.last?.gradientNorm ?? NaN,
      samplesPerInsert: limiter.ratio, weightVersion: weightVersion(), waitShare: this.state === 'warming up' ? 0 : shares.wait, engineShare: shares.engine,
      pendingTransitions, redisMillis, quarantined, duplicates: consumer.marks.duplicates,
      trainingQueries: queries.count,
    };
  }

  #measure(status: LearnerStatus, retainedBytes: number): void {
    const { metrics, replay } = this.#options;
    metrics.set('learnerLoss', status.loss);
    metrics.set('learnerTdError', status.meanTdError);
    metrics.set('learnerGradientNorm', status.gradientNorm);
    metrics.set('learnerQ', status.meanQ);
    metrics.set('learnerWeightVersion', status.weightVersion);
    metrics.set('replayTransitions', status.replaySize);
    metrics.set('replayRatio', status.samplesPerInsert);
    metrics.set('streamPending', status.pendingTransitions);
    metrics.set('streamRetained', retainedBytes);
    metrics.set('learnerCheckpointAge', this.#options.checkpointer.ageSeconds);
    metrics.add('streamQuarantined', Math.max(0, status.quarantined - this.#quarantinedBefore));
    this.#quarantinedBefore = status.quarantined;
    replay.priorityQuantiles(quantiles)?.forEach((value, i) => metrics.set('replayPriority', value, String(quantiles[i])));
  }
}

function meanAbsolute(values: Float32Array | undefined): number {
  return values === undefined ? NaN : values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
}

/** The catalogue's TensorBoard tags. */
function logValues(status: LearnerStatus, actors: readonly ActorStatus[], evaluator: EvaluatorStatus | undefined): Record<string, number> {
  const returns = actors.map((actor) => actor.meanReturn).filter((value) => value !== null);
  return {
    'train/n_updates': status.steps,
    'train/loss': status.loss,
    'train/td_error': status.meanTdError,
    'train/gradient_norm': status.gradientNorm,
    'train/q_values': status.meanQ,
    'replay/size': status.replaySize,
    'replay/samples_per_insert': status.samplesPerInsert,
    'time/total_timesteps': status.inserts,
    'rollout/ep_rew_mean': returns.length === 0 ? NaN : returns.reduce((sum, value) => sum + value, 0) / returns.length,
    ...Object.fromEntries(Object.entries(evaluator?.byBudget['agent'] ?? {}).map(([budget, accuracy]) => [`eval/best_accuracy_${budget}`, accuracy])),
  };
}
