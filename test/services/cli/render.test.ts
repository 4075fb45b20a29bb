import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type ViewState, formatDuration, renderPlain, renderView } from '../../../services/cli/view/render.js';

const state: ViewState = {
  title: 'nasbench301, preset small', elapsedSeconds: 3725.9, environments: 64, events: ['actor-0 ended by SIGKILL'],
  learner: {
    state: 'training', steps: 312, targetSteps: 780, samples: 39936, inserts: 21968, replaySize: 21968, replayCapacity: 200000, warmUpTransitions: 2000, stepsPerSecond: 3.9,
    samplesPerSecond: 499, insertsPerSecond: 240, loss: 0.0123, meanQ: 3.4, meanTdError: 0.21, gradientNorm: 1, samplesPerInsert: 1.98, weightVersion: 31, waitShare: 0.4,
    engineShare: 0.5, pendingTransitions: 0, redisMillis: 1, quarantined: 0, duplicates: 0, trainingQueries: 9,
  },
  actors: [{ transitions: 21968, transitionsPerSecond: 240, weightVersion: 30, weightAgeSeconds: 1.25, blockedShare: 0, epsilonMin: 0.0007, epsilonMax: 0.4, queries: 9, meanReturn: 1, meanFinalAccuracy: 0.94 }],
  evaluator: { weightVersion: 30, learnerSteps: 300, byBudget: { agent: { 10: 0.9412, 50: 0.951 }, 'random-search': { 10: 0.938, 50: 0.9407 } } },
};

describe('renderView', () => {
  const text = renderView(state, 200).join('\n');
  it('shows what a person asks for', () => {
    for (const part of ['01:02:05', 'step 312/780', '499/s', '21,968/200,000', 'epsilon 0.0007 to 0.40', 'weights v30, 1.3 s old', 'samples per insert 1.98', '95.10', '94.07', 'actors', '40 %', 'SIGKILL']) {
      expect(text).toContain(part);
    }
  });

  it('never exceeds the width', () => {
    for (const line of renderView(state, 60)) expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(60);
  });

  it('says so while the learner warms up, and before anything is known', () => {
    const warm = { ...state, learner: { ...(state.learner as NonNullable<ViewState['learner']>), state: 'warming up' as const, inserts: 900 } };
    expect(renderView(warm, 200).join('\n')).toContain('warming up: 900 of 2,000 transitions');
    expect(renderView({ ...state, learner: null, evaluator: null }, 200).join('\n')).toContain('starting the processes');
  });
});

describe('renderPlain', () => {
  it('is one line with the verdict and the search result', () => {
    expect(renderPlain(state)).toBe('01:02:05 training: step 312/780, 499 samples/s, 240 transitions/s, loss 0.0123, replay 21,968, weights v31, limit actors, agent 94.12@10 95.10@50');
  });
});

describe('formatDuration', () => {
  it('counts hours', () => expect(formatDuration(359999)).toBe('99:59:59'));
});
