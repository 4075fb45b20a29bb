/** @file Worked examples of the learner's arithmetic. */
import { describe, expect, it } from 'vitest';
import { argMaxValid, doubleQTdErrors, duelingQ, huber, weightedHuberLoss, type DoubleQInputs } from '../../../shared/agent/loss.js';
import { InvariantError, ShapeError } from '../../../shared/errors.js';

// Two next states of three slots each; the second has two valid neighbours.
//   row 0: online Q(s', .) =  1  5  3, so a* = 1; target values it at 20, not at its own best 30.   R + d Q- = 2 + 0.5 * 20 = 12, Q(s, a) = 4: delta = 8
//   row 1: online = 4  2  9, slot 2 is padding, so a* = 0; target values it at -8.                  R + d Q- = 1 - 0.25 * 8 = -1, Q(s, a) = 1: delta = -2
const inputs: DoubleQInputs = {
  qTaken: [4, 1],
  qNext: [1, 5, 3, 4, 2, 9],
  qNextTarget: [30, 20, 10, -8, 6, 100],
  nextCounts: [3, 2],
  nStepReturns: [2, 1],
  discounts: [0.5, 0.25],
};

describe('doubleQTdErrors', () => {
  it('values the online network\'s choice by the target network, among valid slots', () => {
    expect([...doubleQTdErrors(inputs)]).toEqual([8, -2]);
  });

  it('bootstraps nothing at a terminated row, valid neighbours or none', () => {
    // delta = R - Q(s, a): 2 - 4 and 1 - 1
    expect([...doubleQTdErrors({ ...inputs, discounts: [0, 0], nextCounts: [3, 0] })]).toEqual([-2, 0]);
  });

  it('refuses to bootstrap from a row with no valid neighbour', () => {
    expect(() => doubleQTdErrors({ ...inputs, nextCounts: [3, 0] })).toThrow(InvariantError);
  });

  it.each([
    ['nextCounts', { ...inputs, nextCounts: [3] }],
    ['nStepReturns', { ...inputs, nStepReturns: [1, 2, 3] }],
    ['discounts', { ...inputs, discounts: [] }],
    ['qNext not [B, N]', { ...inputs, qNext: [1, 2, 3], qNextTarget: [1, 2, 3] }],
    ['qNextTarget unlike qNext', { ...inputs, qNextTarget: [1, 2, 3, 4] }],
  ])('broadcasts nothing: %s', (_, wrong) => expect(() => doubleQTdErrors(wrong)).toThrow(ShapeError));
});

describe('argMaxValid', () => {
  it('takes the first of equals, and looks at valid slots only', () => {
    expect(argMaxValid([9, 1, 3, 3, 7], 1, 3)).toBe(1);
  });
  it('is -1 where nothing is valid, and finds a best below zero', () => {
    expect([argMaxValid([1, 2], 0, 0), argMaxValid([-3, -2], 0, 2)]).toEqual([-1, 1]);
  });
});

describe('huber and its weighted mean', () => {
  // delta = 1: 0.5 * 0.25 = 0.125; at the bend 0.5; beyond it |x| - 0.5.   delta = 2: 0.5 * 4 = 2 at the bend, 2 (3 - 1) = 4 at 3.
  it.each([
    [0.5, 1, 0.125],
    [-1, 1, 0.5],
    [-3, 1, 2.5],
    [2, 2, 2],
    [3, 2, 4],
  ])('huber(%d, %d) = %d', (x, delta, expected) => expect(huber(x, delta)).toBe(expected));

  it('weighs each row and divides by the batch, not by the sum of weights', () => {
    // (1 * 0.125 + 0.5 * 2.5) / 2
    expect(weightedHuberLoss([0.5, -3], [1, 0.5], 1)).toBe(0.6875);
  });
  it('refuses weights of another length', () => expect(() => weightedHuberLoss([1, 2], [1], 1)).toThrow(ShapeError));
});

describe('duelingQ', () => {
  it('subtracts the mean over valid slots only', () => {
    // A = 1 3 100, two valid: mean 2; V = 10: Q = 9, 11 (and a meaningless 108 in the masked slot)
    expect([...duelingQ(10, [1, 3, 100], 2)]).toEqual([9, 11, 108]);
  });
  it('stays finite with no valid slot', () => expect([...duelingQ(10, [1, 3], 0)]).toEqual([11, 13]));
});
