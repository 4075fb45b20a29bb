/** @file The optimizers' shared definitions: names of the state, the exact step counter, Adam's step size. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adamStepSize, checkOptimizerState, decodeStepCount, encodeStepCount, optimizerStateShapes } from '../../../shared/agent/optimizer.js';
import { parameterShapes } from '../../../shared/agent/parameters.js';
import { ShapeError } from '../../../shared/errors.js';
import { tiniestSpec } from '../../contract/learnerFixtures.js';

describe('optimizerStateShapes', () => {
  it('is the step counter and two slots a parameter', () => {
    const names = optimizerStateShapes('adam', tiniestSpec).map(({ name }) => name);
    expect(names).toHaveLength(1 + 2 * parameterShapes(tiniestSpec).length);
    expect([names[0], names[1], names.at(-1)]).toEqual(['optimizer.step', 'optimizer.firstMoment.token.kernel', 'optimizer.secondMoment.heads.value.bias']);
    expect(optimizerStateShapes('rmsprop-centred', tiniestSpec)[1]?.name).toBe('optimizer.meanGradient.token.kernel');
  });
  it('refuses an empty state', () => expect(() => checkOptimizerState([], 'adam', tiniestSpec)).toThrow(ShapeError));
});

describe('the step counter', () => {
  it('is exact in two f32 digits up to 2^44', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 44 - 1 }), (steps) => decodeStepCount(encodeStepCount(steps)) === steps), { seed: 1 });
    expect(decodeStepCount(encodeStepCount(2 ** 24 + 1))).toBe(16_777_217); // one f32 alone would lose the 1
  });
  it.each([[[0.5, 0]], [[-1, 0]], [[2 ** 20, 0]], [[1]], [[Number.NaN, 0]]])('refuses %j', (digits) => {
    expect(() => decodeStepCount({ name: 'optimizer.step', shape: [2], values: Float32Array.from(digits) })).toThrow(ShapeError);
  });
});

describe('adamStepSize', () => {
  it('corrects both moments for their start at zero', () => {
    // t = 1: sqrt(1 - 0.999) / (1 - 0.9) = 0.0316228 / 0.1.  t large: both corrections vanish.
    expect(adamStepSize(1, 1)).toBeCloseTo(0.316228, 6);
    expect(adamStepSize(0.5, 100_000)).toBe(0.5);
  });
});
