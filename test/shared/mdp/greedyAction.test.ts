import { expect, it } from 'vitest';
import { InvariantError } from '../../../shared/errors.js';
import { greedyAction } from '../../../shared/mdp/greedyAction.js';

it('takes the first of the highest within the row, whatever stands in masked slots', () => {
  const q = Float32Array.of(9, 1, 3, 3, 8, 9);
  expect(greedyAction(q, 1, 3)).toBe(1);
  expect(greedyAction(q, 1, 4)).toBe(3);
  expect(greedyAction(Float32Array.of(-2, -1, -3), 0, 3)).toBe(1);
});

it('refuses a state with no neighbour or without a finite value', () => {
  expect(() => greedyAction(Float32Array.of(1), 0, 0)).toThrow(InvariantError);
  expect(() => greedyAction(Float32Array.of(NaN, NaN), 0, 2)).toThrow(InvariantError);
  expect(() => greedyAction(Float32Array.of(1, Infinity), 0, 2)).toThrow(InvariantError);
});
