import { pack, unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { EmbeddedSurrogate } from '../../../../shared/benchmarks/nasbench301/embedded.js';
import { decodeSurrogate, encodeSurrogate, tableRowCount, type SurrogateWeights } from '../../../../shared/benchmarks/nasbench301/surrogateFile.js';
import { DatasetError } from '../../../../shared/errors.js';

/** Sizes 16, 8, 8; values that halves hold exactly. */
const weights: SurrogateWeights = {
  mean: 94,
  scale: 0.5,
  table: new Float32Array(tableRowCount * 16).map((_, i) => (i % 7) - 3),
  bias1: new Float32Array(16).fill(0.25),
  weights2: new Float32Array(8 * 16).map((_, i) => (i % 3) / 8),
  bias2: new Float32Array(8).fill(-1),
  weights3: new Float32Array(64).map((_, i) => (i % 5) / 16),
  bias3: new Float32Array(8),
  head: new Float32Array(8).fill(2 ** -6),
  headBias: Float32Array.of(0.5),
};

function changed(change: (message: Record<string, unknown> & { tensors: Record<string, unknown> }) => void): Uint8Array {
  const message = unpack(encodeSurrogate(weights, 'test')) as Record<string, unknown> & { tensors: Record<string, unknown> };
  change(message);
  return pack(message);
}

describe('the surrogate\'s file', () => {
  it('holds what was put in', () => expect(decodeSurrogate(encodeSurrogate(weights, 'test'))).toEqual({ weights, origin: 'test' }));

  it.each<[string, Uint8Array, string]>([
    ['a cut file', encodeSurrogate(weights, 'test').subarray(0, 1_000), 'must be a whole MessagePack file, got "'],
    ['another format', pack({ format: 'x', version: 1 }), 'must be of format archwalk-nasbench301-surrogate, version 1, got x, version 1'],
    ['null', pack(null), 'got undefined, version undefined'],
    ['another version', changed((message) => { message['version'] = 2; }), 'got archwalk-nasbench301-surrogate, version 2'],
    ['a missing tensor', changed((message) => { delete message.tensors['head']; }), "head must have 8 values, got 0"],
    ['a short tensor', changed((message) => { message.tensors['bias2'] = Buffer.alloc(4); }), "bias2 must have 8 values, got 2"],
    ['NaN', changed((message) => { message.tensors['headBias'] = Buffer.from([0, 0x7e]); }), "headBias must be finite"],
  ])('is refused as %s', (_, bytes, words) => {
    expect(() => decodeSurrogate(bytes)).toThrow(DatasetError);
    expect(() => decodeSurrogate(bytes)).toThrow(words);
  });
});

describe('a surrogate of known weights', () => {
  it('computes mean + scale * f, as a slow twin does', () => {
    // Code [0, 0] takes each node's first row: 0, 49, 196, 490, and 980 later; row r, column c holds ((16 r + c) mod 7) - 3.
    const elu = (x: number): number => (x < 0 ? Math.exp(x) - 1 : x);
    const dense = (x: number[], matrix: Float32Array, bias: Float32Array): number[] =>
      [...bias].map((b, o) => elu(x.reduce((sum, value, i) => sum + value * (matrix[o * x.length + i] as number), b)));
    const rows = [0, 49, 196, 490, 980, 1_029, 1_176, 1_470];
    const x1 = Array.from({ length: 16 }, (_, c) => elu(0.25 + rows.reduce((sum, r) => sum + ((16 * r + c) % 7) - 3, 0)));
    const x3 = dense(dense(x1, weights.weights2, weights.bias2), weights.weights3, weights.bias3);
    const wanted = (94 + 0.5 * (0.5 + x3.reduce((sum, x) => sum + x * 2 ** -6, 0))) / 100;
    const out = new Float64Array(1);
    new EmbeddedSurrogate(weights, 'test').predict(Uint32Array.of(0, 0), 1, out);
    expect(out[0]).toBeCloseTo(wanted, 7);
  });

  it('stays a fraction', () => {
    const out = new Float64Array(2);
    new EmbeddedSurrogate({ ...weights, mean: 200 }, 'test').predict(Uint32Array.of(0, 0), 1, out.subarray(0, 1));
    new EmbeddedSurrogate({ ...weights, mean: -200 }, 'test').predict(Uint32Array.of(0, 0), 1, out.subarray(1, 2));
    expect([...out]).toEqual([1, 0]);
  });
});
