import { describe, expect, it } from 'vitest';
import { WireFormatError } from '../../../shared/errors.js';
import type { WalkState } from '../../../shared/mdp/types.js';
import { Rng } from '../../../shared/rng.js';
import { decodeSafetensors, encodeSafetensors } from '../../../shared/wire/safetensors.js';
import { decodeWalk, encodeWalk, type WalkLimits } from '../../../shared/wire/walkState.js';
import { mutate } from './mutate.js';

// 2 environments, 1 word a code, n = 3; codes below 100 are architectures.
const limits: WalkLimits = { environments: 2, codeWords: 1, nSteps: 3, neighbours: 24, horizonSteps: 20, holds: (codes, at) => (codes[at] as number) < 100 };
// Environment 0 has two pending steps in cells 2 and 0, environment 1 none; cells 1, 3, 4 and 5 hold leftovers that no rule reads.
const walk: WalkState = {
  rng: [1, 2, 3, 4], codes: Uint32Array.of(5, 6), seeds: Uint32Array.of(7, 4_294_967_295), accuracies: Float64Array.of(0.91, 0.1), ages: Uint32Array.of(20, 0),
  windows: {
    codes: Uint32Array.of(8, 100, 9, 0, 0, 0), seeds: Uint32Array.of(1, 2, 3, 4, 5, 6), actions: Uint8Array.of(23, 24, 0, 0, 0, 0),
    rewards: Float64Array.of(-0.5, NaN, 1 / 3, 0, 0, 0), qTaken: Float32Array.of(0.25, 0, 1, 0, 0, 0), starts: Uint32Array.of(2, 0), fills: Uint32Array.of(2, 0),
  },
};
const { windows } = walk;

describe('the state of a walk on the wire', () => {
  it('comes back bit for bit', () => {
    expect(decodeWalk(encodeWalk({ turn: 12_345, walk }), limits)).toEqual({ turn: 12_345, walk });
  });

  it.each([
    [{ ...walk, rng: [0, 0, 0, 0] as const }, 'not all zero'],
    [{ ...walk, codes: Uint32Array.of(5, 100) }, 'environment 1\'s is not'],
    [{ ...walk, codes: Uint32Array.of(5) }, 'codes must be 2 values of U32, got 1 of U32'],
    [{ ...walk, accuracies: Float64Array.of(NaN, 0) }, 'in [0, 1], environment 0 has NaN'],
    [{ ...walk, ages: Uint32Array.of(21, 0) }, 'at most 20 steps old, environment 0\'s is 21'],
    [{ ...walk, windows: { ...windows, starts: Uint32Array.of(3, 0) } }, 'in a ring of 3, environment 0 has 2 from 3'],
    [{ ...walk, windows: { ...windows, fills: Uint32Array.of(2, 4) } }, 'environment 1 has 4 from 0'],
    [{ ...walk, windows: { ...windows, fills: Uint32Array.of(3, 0) } }, 'must start at architectures, environment 0\'s step 2 does not'],
    [{ ...walk, windows: { ...windows, actions: Uint8Array.of(24, 0, 0, 0, 0, 0) } }, 'in 0..23, environment 0\'s step 1 has 24'],
    [{ ...walk, windows: { ...windows, rewards: Float64Array.of(0, 0, Infinity, 0, 0, 0) } }, 'step 0 has Infinity and 1'],
  ])('refuses %#: %s', (changed, message) => {
    const bytes = encodeWalk({ turn: 0, walk: changed });
    expect(() => decodeWalk(bytes, limits)).toThrow(WireFormatError);
    expect(() => decodeWalk(bytes, limits)).toThrow(message);
  });

  it('refuses another format and a turn that is no count', () => {
    const { arrays } = decodeSafetensors(encodeWalk({ turn: 0, walk }));
    expect(() => decodeWalk(encodeSafetensors(arrays, { format: 'archwalk-weights-1', turn: '1' }), limits)).toThrow('must have format archwalk-walk-1');
    expect(() => decodeWalk(encodeSafetensors(arrays, { format: 'archwalk-walk-1', turn: '-1' }), limits)).toThrow('turn must be a whole number, got "-1"');
    expect(() => decodeWalk(encodeSafetensors([], { format: 'archwalk-walk-1', turn: '1' }), limits)).toThrow('rng must be 4 values of U32, got none');
  });

  it('refuses damaged bytes with a reason, or reads a state that keeps the rules', () => {
    const bytes = encodeWalk({ turn: 1, walk });
    const rng = new Rng(5);
    let refused = 0;
    for (let i = 0; i < 5_000; i++) {
      try {
        decodeWalk(mutate(bytes, rng), limits);
      } catch (error) {
        expect(error).toBeInstanceOf(WireFormatError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(3_000);
  });
});
