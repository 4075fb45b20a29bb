/**
 * @file What each role says of itself once a second through Redis: the live view, `runs show` and the bottleneck's verdict
 * read these. Rates are over the last interval; counts are of the whole run.
 */

export interface LearnerStatus {
  readonly state: 'warming up' | 'training' | 'saving' | 'done';
  readonly steps: number;
  readonly targetSteps: number;
  readonly samples: number;
  readonly inserts: number;
  readonly replaySize: number;
  readonly replayCapacity: number;
  readonly warmUpTransitions: number;
  readonly stepsPerSecond: number;
  readonly samplesPerSecond: number;
  readonly insertsPerSecond: number;
  readonly loss: number;
  readonly meanQ: number;
  readonly meanTdError: number;
  readonly gradientNorm: number;
  readonly samplesPerInsert: number;
  readonly weightVersion: number;
  /** Share of the interval in which the learner waited for inserts, 0..1. */
  readonly waitShare: number;
  /** Share in which the engine ran, 0..1. */
  readonly engineShare: number;
  readonly pendingTransitions: number;
  readonly redisMillis: number;
  readonly quarantined: number;
  readonly duplicates: number;
  readonly trainingQueries: number;
}

export interface ActorStatus {
  readonly transitions: number;
  readonly transitionsPerSecond: number;
  readonly weightVersion: number;
  readonly weightAgeSeconds: number;
  /** Share of the interval in which the stream was at its bound, 0..1. */
  readonly blockedShare: number;
  readonly epsilonMin: number;
  readonly epsilonMax: number;
  readonly queries: number;
  readonly meanReturn: number | null;
  readonly meanFinalAccuracy: number | null;
}

export interface EvaluatorStatus {
  readonly weightVersion: number;
  readonly learnerSteps: number;
  /** Mean best validation accuracy (fraction) by query budget, per method. */
  readonly byBudget: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export type Limit = 'actors' | 'learner' | 'redis' | 'balanced';

/** What limits the run, in one word, with its evidence. */
export interface Verdict {
  readonly limit: Limit;
  readonly evidence: string;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/**
 * Redis if a round trip takes over 50 ms; actors if the learner waits for inserts over a tenth of the time; the learner if
 * actors stand at the stream's bound over a tenth of it; else balanced.
 */
export function verdictOf(learner: LearnerStatus, actors: readonly ActorStatus[]): Verdict {
  const blocked = actors.length === 0 ? 0 : actors.reduce((sum, actor) => sum + actor.blockedShare, 0) / actors.length;
  if (learner.redisMillis > 50) return { limit: 'redis', evidence: `a round trip to Redis takes ${learner.redisMillis.toFixed(0)} ms` };
  if (learner.waitShare > 0.1) return { limit: 'actors', evidence: `the learner waits for transitions ${percent(learner.waitShare)} of the time` };
  if (blocked > 0.1) return { limit: 'learner', evidence: `actors wait for room in the stream ${percent(blocked)} of the time; the engine is busy ${percent(learner.engineShare)}` };
  return { limit: 'balanced', evidence: `learner waits ${percent(learner.waitShare)}, actors ${percent(blocked)} of the time` };
}
