import { describe, expect, it } from 'vitest';
import { type ActorStatus, type LearnerStatus, verdictOf } from '../../../shared/metrics/status.js';

const learner = (over: Partial<LearnerStatus>): LearnerStatus => ({
  state: 'training', steps: 1, targetSteps: 2, samples: 1, inserts: 1, replaySize: 1, replayCapacity: 1, warmUpTransitions: 1, stepsPerSecond: 1, samplesPerSecond: 1,
  insertsPerSecond: 1, loss: 1, meanQ: 1, meanTdError: 1, gradientNorm: 1, samplesPerInsert: 1, weightVersion: 1, waitShare: 0, engineShare: 1, pendingTransitions: 0,
  redisMillis: 1, quarantined: 0, duplicates: 0, trainingQueries: 0, ...over,
});
const actor = (blockedShare: number): ActorStatus => ({
  transitions: 1, transitionsPerSecond: 1, weightVersion: 1, weightAgeSeconds: 1, blockedShare, epsilonMin: 0, epsilonMax: 1, queries: 1, meanReturn: null, meanFinalAccuracy: null,
});

describe('verdictOf', () => {
  it.each([
    [{ waitShare: 0.3 }, 0, 'actors', '30 %'],
    [{}, 0.5, 'learner', '50 %'],
    [{ redisMillis: 80, waitShare: 0.9 }, 0, 'redis', '80 ms'],
    [{}, 0.05, 'balanced', '5 %'],
  ] as const)('%o with actors blocked %d says %s', (over, blocked, limit, evidence) => {
    const verdict = verdictOf(learner(over), [actor(blocked)]);
    expect(verdict.limit).toBe(limit);
    expect(verdict.evidence).toContain(evidence);
  });

  it('knows a run without actors', () => {
    expect(verdictOf(learner({ waitShare: 1 }), []).limit).toBe('actors');
  });
});
