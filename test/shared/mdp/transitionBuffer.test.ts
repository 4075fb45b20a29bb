import { expect, it } from 'vitest';
import { ShapeError } from '../../../shared/errors.js';
import { TransitionBuffer } from '../../../shared/mdp/transitionBuffer.js';

it('counts its room, shows its filled rows without copying, and is cleared by forgetting', () => {
  const buffer = new TransitionBuffer(3, 2);
  buffer.stateCodes.set([1, 2, 3, 4]);
  buffer.size = 2;
  expect(buffer.room).toBe(1);
  expect(buffer.view().stateCodes).toEqual(Uint32Array.of(1, 2, 3, 4));
  expect(buffer.view().stateCodes.buffer).toBe(buffer.stateCodes.buffer);
  expect(Object.entries(buffer.view()).filter(([, column]) => ArrayBuffer.isView(column)).map(([name, column]) => `${name} ${(column as Uint8Array).length}`)).toEqual([
    'stateCodes 4', 'stateSeeds 2', 'actions 2', 'nStepReturns 2', 'discounts 2', 'nextCodes 4', 'nextSeeds 2', 'priorities 2',
  ]);
  buffer.clear();
  expect([buffer.size, buffer.room]).toEqual([0, 3]);
});

it.each([0, -1, 2.5])('refuses room for %d rows', (capacity) => {
  expect(() => new TransitionBuffer(capacity, 1)).toThrow(ShapeError);
});
