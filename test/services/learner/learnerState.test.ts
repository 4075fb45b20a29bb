import { describe, expect, it } from 'vitest';
import { type LearnerState, parseLearnerState } from '../../../services/learner/learnerState.js';
import { CheckpointError } from '../../../shared/errors.js';

const state: LearnerState = {
  steps: 10, seconds: 4.5, weightVersion: 2, limiter: { inserts: 500, samples: 640 }, rng: [1, 2, 3, 4], shaping: { alpha: 32, logSigma: 29.5, samples: 20_000 },
  stream: { lastId: '1700-0', appended: 500, marks: [[0, 1700, 7]] }, queryLevel: 0,
};

describe('parseLearnerState', () => {
  it('takes what a checkpoint keeps, through JSON', () => {
    expect(parseLearnerState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it.each([
    [{ ...state, steps: -1 }, 'steps'],
    [{ ...state, rng: [1, 2, 3] }, 'rng'],
    [{ ...state, stream: { ...state.stream, marks: [[0, 1]] } }, 'stream.marks'],
    [{ ...state, extra: 1 }, 'a learner\'s'],
    [null, 'a learner\'s'],
  ])('refuses %#', (value, message) => {
    expect(() => parseLearnerState(value)).toThrow(CheckpointError);
    expect(() => parseLearnerState(value)).toThrow(message);
  });
});
