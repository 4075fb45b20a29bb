/** @file What an engine refuses before it computes, by message. The engines' contract shows that each refusal changes nothing. */
import { describe, expect, it } from 'vitest';
import { checkLearnerBatch, checkTokenBatch } from '../../../shared/agent/batchChecks.js';
import { InvariantError, ShapeError } from '../../../shared/errors.js';
import { randomBatch, randomTokens, tinySpec } from '../../contract/learnerFixtures.js';

describe('checkTokenBatch', () => {
  const good = randomTokens(tinySpec, [4, 0], 1);
  it('accepts 0..N valid neighbours', () => expect(() => checkTokenBatch(good, tinySpec)).not.toThrow());
  it.each([
    ['no rows', { ...good, batch: 0 }, ShapeError, 'tokens.batch must be an integer of at least 1, got 0'],
    ['too many ids', { ...good, ids: new Uint16Array(31) }, ShapeError, 'tokens.ids must be [2, 5, 3] and hold 30 values, got 31'],
    ['too few counts', { ...good, counts: Int32Array.of(4) }, ShapeError, 'tokens.counts must be [2] and hold 2 values, got 1'],
    ['a count above N', { ...good, counts: Int32Array.of(4, 5) }, InvariantError, 'tokens.counts must be in 0..4, got 5'],
    ['a count below 0', { ...good, counts: Int32Array.of(-1, 0) }, InvariantError, 'tokens.counts must be in 0..4, got -1'],
  ])('refuses %s', (_, tokens, error, message) => {
    expect(() => checkTokenBatch(tokens, tinySpec)).toThrow(error);
    expect(() => checkTokenBatch(tokens, tinySpec)).toThrow(message);
  });
});

describe('checkLearnerBatch', () => {
  const good = randomBatch(tinySpec, 20);
  it('accepts a batch with a terminated row', () => expect(() => checkLearnerBatch(good, tinySpec)).not.toThrow());
  it.each([
    ['other numbers of states', { ...good, next: randomTokens(tinySpec, [4], 1) }, ShapeError, 'next.batch must be 5 as state.batch is, got 1'],
    ['too few actions', { ...good, actions: new Int32Array(4) }, ShapeError, 'actions must be [5] and hold 5 values, got 4'],
    ['an action at a masked slot', { ...good, actions: Int32Array.of(0, 3, 0, 0, 0) }, InvariantError, "actions[1] must be below the state's 3 valid neighbours, got 3"],
    ['a bootstrap from nothing', { ...good, discounts: new Float32Array(5).fill(0.5) }, InvariantError, 'a next state without valid neighbours must have discount 0, got 0.5 in row 2'],
  ])('refuses %s', (_, batch, error, message) => {
    expect(() => checkLearnerBatch(batch, tinySpec)).toThrow(error);
    expect(() => checkLearnerBatch(batch, tinySpec)).toThrow(message);
  });
});
