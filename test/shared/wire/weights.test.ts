import { describe, expect, it } from 'vitest';
import { WireFormatError } from '../../../shared/errors.js';
import { Rng } from '../../../shared/rng.js';
import { encodeSafetensors } from '../../../shared/wire/safetensors.js';
import { checksumOf, decodeWeights, encodeWeights, splitChunks } from '../../../shared/wire/weights.js';
import { mutate } from './mutate.js';

const weights = [
  { name: 'head/kernel', shape: [2, 2], values: Float32Array.of(1, -2, 0.1, 3) },
  { name: 'head/bias', shape: [1], values: Float32Array.of(0) },
];
const metadata = { version: 7, learnerSteps: 70, configHash: 'c0ffee' };

describe('a weight snapshot on the wire', () => {
  it('gives back f32 exactly', () => {
    expect(decodeWeights(encodeWeights(weights, metadata, 'f32'))).toEqual({ ...metadata, weights });
  });

  it('carries the training queries and the scale of the rewards to the last bit', () => {
    const more = { ...metadata, trainingQueries: 12_345, rewardScale: { alpha: 32, logSigma: 29.123456789012345 } };
    expect(decodeWeights(encodeWeights(weights, more, 'f32'))).toEqual({ ...more, weights });
  });

  it.each(['', 'NaN', '1e999', 'x'])('refuses "%s" as the scale of the rewards', (logSigma) => {
    const bytes = encodeSafetensors(weights, { format: 'archwalk-weights-1', version: '1', learnerSteps: '1', configHash: 'c', alpha: '32', logSigma });
    expect(() => decodeWeights(bytes)).toThrow('a weight snapshot\'s logSigma must be a number');
  });

  it('gives back bf16 rounded to 8 significant bits', () => {
    // 0.1 is 0x3dcccccd; its upper half rounds to 0x3dcd = 0.10009765625.
    const read = decodeWeights(encodeWeights(weights, metadata, 'bf16')).weights;
    expect([...(read[0]?.values ?? [])]).toEqual([1, -2, 0.10009765625, 3]);
  });

  it('has the bytes of format 1', () => {
    const bytes = Buffer.from(encodeWeights([{ name: 'w', shape: [2], values: Float32Array.of(1, -2) }], metadata, 'bf16'));
    expect(bytes.subarray(8).toString('latin1')).toBe(
      '{"__metadata__":{"format":"archwalk-weights-1","version":"7","learnerSteps":"70","configHash":"c0ffee"},"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}  \x80\x3f\x00\xc0',
    );
  });

  it.each([
    ['another format', encodeSafetensors([], { format: 'x' }), /format archwalk-weights-1, got "x"/],
    ['no format', encodeSafetensors([]), /got null/],
    ['integers', encodeSafetensors([{ name: 'a', shape: [1], values: Int32Array.of(1) }], { format: 'archwalk-weights-1' }), /F32 or BF16 arrays, one is I32/],
    ['a NaN', encodeWeights([{ name: 'a', shape: [1], values: Float32Array.of(NaN) }], metadata, 'f32'), /weights of "a" must be finite/],
    ['a NaN in bf16', encodeWeights([{ name: 'a', shape: [1], values: Float32Array.of(NaN) }], metadata, 'bf16'), /must be finite/],
    ['no version', encodeSafetensors([], { format: 'archwalk-weights-1', version: '-1' }), /version must be a whole number, got "-1"/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeWeights(bytes)).toThrow(message);
    expect(() => decodeWeights(bytes)).toThrow(WireFormatError);
  });

  it('splits into chunks that join to the same bytes and checksum', () => {
    const bytes = Uint8Array.from({ length: 10 }, (_, i) => i);
    expect(splitChunks(bytes, 4).map((c) => [...c])).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]);
    expect(splitChunks(new Uint8Array(0), 4).map((c) => c.length)).toEqual([0]);
    // The check value of CRC-32 is that of the text "123456789".
    expect(checksumOf(Buffer.from('123456789'))).toBe(0xcbf43926);
  });

  it('survives mutated snapshots', () => {
    const rng = new Rng(5);
    const original = encodeWeights(weights, metadata, 'f32');
    const rounds = Number(process.env['ARCHWALK_FUZZ_ROUNDS'] ?? 5_000);
    let refused = 0;
    for (let i = 0; i < rounds; i++) {
      try {
        decodeWeights(mutate(original, rng));
      } catch (error) {
        if (!(error instanceof WireFormatError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(rounds / 4);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
