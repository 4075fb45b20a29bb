/** @file What an actor says of itself once a second. */
import { systemClock } from '../../shared/clock.js';
import type { VectorEnvironment } from '../../shared/mdp/vectorEnvironment.js';
import { Rates } from '../../shared/metrics/intervals.js';
import type { ActorStatus } from '../../shared/metrics/status.js';
import { StatusBoard } from '../../shared/redis/status.js';
import type { JoinedRun } from '../../shared/run/joinRun.js';
import type { Sender } from './sender.js';

export interface ActorReportOptions {
  readonly run: JoinedRun;
  readonly actor: { readonly weights: { readonly version: number; readonly ageSeconds: number } };
  readonly sender: Sender;
  readonly environment: VectorEnvironment;
  readonly epsilons: Float64Array;
  readonly id: string;
}

const everyMs = 1_000;

/** Begins to report. @returns the end of it, which takes the status away */
export function reportActor({ run, actor, sender, environment, epsilons, id }: ActorReportOptions): () => Promise<void> {
  const { client, keys, metrics, logger } = run;
  const board = new StatusBoard(client, keys);
  const rates = new Rates<'transitions' | 'blockedMs'>(systemClock.monotonic);
  const report = async (): Promise<void> => {
    const perSecond = rates.take({ transitions: sender.transitions, blockedMs: sender.currentBlockedMs });
    const { meanReturn, meanFinalAccuracy } = environment.episodes;
    const status: ActorStatus = {
      transitions: sender.transitions, transitionsPerSecond: perSecond.transitions, weightVersion: actor.weights.version, weightAgeSeconds: actor.weights.ageSeconds,
      blockedShare: Math.min(1, perSecond.blockedMs / 1000), epsilonMin: Math.min(...epsilons), epsilonMax: Math.max(...epsilons), queries: environment.queryCounter.count, meanReturn, meanFinalAccuracy,
    };
    metrics.set('actorWeightAge', Number.isFinite(status.weightAgeSeconds) ? status.weightAgeSeconds : 0);
    if (meanReturn !== null) metrics.set('actorReturn', meanReturn);
    if (meanFinalAccuracy !== null) metrics.set('actorFinalAccuracy', meanFinalAccuracy);
    await board.publish('actor', id, status);
  };
  const timer = setInterval(() => void report().catch((error: unknown) => logger.warn(String(error))), everyMs);
  return async () => {
    clearInterval(timer);
    await board.remove('actor', id);
  };
}
