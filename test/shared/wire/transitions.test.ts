import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { ShapeError, WireFormatError } from '../../../shared/errors.js';
import type { TransitionColumns } from '../../../shared/mdp/types.js';
import { Rng } from '../../../shared/rng.js';
import { decodeTransitions, encodeTransitions, transitionBytes, type TransitionLimits } from '../../../shared/wire/transitions.js';
import { randomTransitions } from './batches.js';
import { mutate } from './mutate.js';

const header = { configHash: 'c0ffee', actor: 3, incarnation: 1_794_000_000_000, sequence: 70_000, weightVersion: 300 };
const limits: TransitionLimits = { configHash: 'c0ffee', codeWords: 1, neighbours: 100, maxCount: 256 };
const two: TransitionColumns = {
  size: 2, codeWords: 1,
  stateCodes: Uint32Array.of(1, 2), nextCodes: Uint32Array.of(3, 4), stateSeeds: Uint32Array.of(5, 6), nextSeeds: Uint32Array.of(7, 8),
  nStepReturns: Float32Array.of(0.5, -1), discounts: Float32Array.of(0.75, 0), priorities: Float32Array.of(2, 0), actions: Uint8Array.of(9, 10),
};

// Version 1 by hand: 99 array of 9; 01 version; a6.. "c0ffee"; 03 actor; cb.. float64 of the incarnation; ce 00011170 = 70,000;
// cd 012c = 300; 01 words; 02 count; c4 3a = 58 bytes (2 x 29): codes 1 2, next 3 4, seeds 5 6, next seeds 7 8,
// returns 0.5 (0000003f) -1 (000080bf), discounts 0.75 (0000403f) 0, priorities 2 (00000040) 0, actions 09 0a.
const golden =
  '9901a6633066666565' + '03cb427a1b2bb9400000' + 'ce00011170' + 'cd012c' + '0102' + 'c43a' +
  '0100000002000000' + '0300000004000000' + '0500000006000000' + '0700000008000000' +
  '0000003f000080bf' + '0000403f00000000' + '0000004000000000' + '090a';

describe('a batch of transitions on the wire', () => {
  it('has the bytes of format version 1', () => {
    expect(encodeTransitions(header, two).toString('hex')).toBe(golden);
    expect(decodeTransitions(Buffer.from(golden, 'hex'), limits)).toEqual({ header, columns: two });
  });

  it('takes 37 bytes a transition at two words a code, 29 at one, and under 64 with its header from 4 on', () => {
    expect([transitionBytes(2), transitionBytes(1)]).toEqual([37, 29]);
    expect(encodeTransitions(header, randomTransitions(4, 1)).length / 4).toBeLessThanOrEqual(64);
    expect(encodeTransitions(header, randomTransitions(64, 1)).length / 64).toBeLessThan(38);
  });

  it.each([[1], [2]] as const)('gives back what was sent, %i words a code, from any offset in memory', (codeWords) => {
    for (let size = 1; size <= 65; size += 16) {
      const columns = randomTransitions(size, size, codeWords);
      const bytes = encodeTransitions(header, columns);
      const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
      expect(decodeTransitions(shifted, { ...limits, codeWords }).columns).toEqual(columns);
    }
  });

  it('sends only the first `size` rows of longer columns', () => {
    const columns = { ...randomTransitions(8, 1), size: 3 };
    const read = decodeTransitions(encodeTransitions(header, columns), { ...limits, codeWords: 2 }).columns;
    expect(read.actions).toEqual(columns.actions.subarray(0, 3));
    expect(read.stateCodes).toEqual(columns.stateCodes.subarray(0, 6));
  });

  it('refuses to write an empty batch or a short column', () => {
    expect(() => encodeTransitions(header, { ...two, size: 0 })).toThrow(ShapeError);
    expect(() => encodeTransitions(header, { ...two, nextSeeds: new Uint32Array(1) })).toThrow('a column of 2 transitions must hold 2 values, got 1');
  });

  const changed = (change: Partial<TransitionColumns>): Buffer => encodeTransitions(header, { ...two, ...change });
  it.each([
    ['another configuration', encodeTransitions({ ...header, configHash: 'bad' }, two), /hash c0ffee, got "bad"/],
    ['sequence number 0', encodeTransitions({ ...header, sequence: 0 }, two), /at least 1/],
    ['incarnation 0', encodeTransitions({ ...header, incarnation: 0 }, two), /at least 1/],
    ['another code size', encodeTransitions(header, randomTransitions(2, 1, 2)), /codes must be 1 words, got 2/],
    ['too many', encodeTransitions(header, randomTransitions(257, 1, 1)), /1\.\.256 transitions, got 257/],
    ['none', pack([1, 'c0ffee', 3, 1, 1, 1, 1, 0, Buffer.alloc(0)]), /1\.\.256 transitions, got 0/],
    ['another version', pack([2, 'c0ffee', 3, 1, 1, 1, 1, 1, Buffer.alloc(29)]), /format version 1, got 2/],
    ['a short payload', pack([1, 'c0ffee', 3, 1, 1, 1, 1, 1, Buffer.alloc(28)]), /must be 29 bytes, got 28/],
    ['an action past N', changed({ actions: Uint8Array.of(0, 100) }), /0\.\.99, transition 1 has 100/],
    ['an infinite return', changed({ nStepReturns: Float32Array.of(Infinity, 0) }), /return must be finite, transition 0 has Infinity/],
    ['a discount over 1', changed({ discounts: Float32Array.of(0, 1.5) }), /discount must be in \[0, 1\], transition 1 has 1.5/],
    ['a discount that is NaN', changed({ discounts: Float32Array.of(NaN, 0) }), /discount must be in/],
    ['a negative priority', changed({ priorities: Float32Array.of(0, -1) }), /at least 0, transition 1 has -1/],
    ['an infinite priority', changed({ priorities: Float32Array.of(Infinity, 0) }), /must be finite/],
    ['no bytes', Buffer.alloc(0), /first byte is absent/],
    ['a map', pack({ a: 1 }), /msgpack array of 9 items/],
    ['a text for a number', pack(['1', 'c0ffee', 3, 1, 1, 1, 1, 1, Buffer.alloc(29)]), /format version must be an unsigned integer/],
    ['a negative number', pack([1, 'c0ffee', -3, 1, 1, 1, 1, 1, Buffer.alloc(29)]), /actor must be an unsigned integer/],
    ['a fraction', pack([1, 'c0ffee', 0.5, 1, 1, 1, 1, 1, Buffer.alloc(29)]), /actor must be an unsigned integer/],
    ['a BigInt', pack([1, 'c0ffee', 2n ** 60n, 1, 1, 1, 1, 1, Buffer.alloc(29)]), /actor must be an unsigned integer/],
    ['a long text', pack([1, 'x'.repeat(65), 3, 1, 1, 1, 1, 1, Buffer.alloc(29)]), /hash must be a short text/],
    ['a date for the columns', pack([1, 'c0ffee', 3, 1, 1, 1, 1, 1, new Date(0)]), /columns must be a byte string/],
    ['bytes cut off', encodeTransitions(header, two).subarray(0, -1), /must be whole/],
    ['bytes cut off in the header', encodeTransitions(header, two).subarray(0, 12), /must be whole/],
    ['bytes that follow', Buffer.concat([encodeTransitions(header, two), Buffer.alloc(2)]), /2 bytes follow/],
    // c6 announces 4 GiB that are not there.
    ['a forged length', Buffer.concat([pack([1, 'c0ffee', 3, 1, 1, 1, 1, 1]).fill(0x99, 0, 1), Buffer.from('c6ffffffff', 'hex')]), /must be whole/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeTransitions(bytes, limits)).toThrow(message);
    expect(() => decodeTransitions(bytes, limits)).toThrow(WireFormatError);
  });

  it('survives mutated entries: each decodes to valid values or is refused with a reason', () => {
    const rng = new Rng(11);
    const original = encodeTransitions(header, randomTransitions(5, 2, 1));
    const rounds = Number(process.env['ARCHWALK_FUZZ_ROUNDS'] ?? 5_000);
    let refused = 0;
    for (let i = 0; i < rounds; i++) {
      try {
        const { columns } = decodeTransitions(mutate(original, rng), limits);
        if (!columns.actions.every((a) => a < 100) || !columns.nStepReturns.every((r) => Number.isFinite(r))) expect.unreachable('an invalid value passed');
      } catch (error) {
        if (!(error instanceof WireFormatError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(rounds / 4);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
