/** @file Names, shapes and initial values of the network's parameters. */
import { describe, expect, it } from 'vitest';
import { flatten, totalSize, unflatten } from '../../../shared/agent/flatArrays.js';
import { checkNamedArrays, initialWeights, parameterShapes, sinusoidalPositions } from '../../../shared/agent/parameters.js';
import type { NetworkSpec } from '../../../shared/agent/types.js';
import { ShapeError } from '../../../shared/errors.js';

const small: NetworkSpec = {
  neighbours: 100, activeFeatures: 16, featureRows: 196, width: 64, layers: 2, heads: 4, feedForwardWidth: 256, positionalEncoding: 'role', dueling: true,
};

describe('parameterShapes', () => {
  it('names one layer in this order', () => {
    const one = parameterShapes({ ...small, featureRows: 5, width: 4, heads: 2, layers: 1, feedForwardWidth: 6 });
    expect(one.map(({ name, shape }) => `${name} ${shape.join('x')}`)).toEqual([
      'token.kernel 5x4', 'token.bias 4', 'position.role 2x4',
      'layers.0.attention.norm.scale 4', 'layers.0.attention.norm.bias 4', 'layers.0.attention.qkv.kernel 4x12', 'layers.0.attention.qkv.bias 12',
      'layers.0.attention.output.kernel 4x4', 'layers.0.attention.output.bias 4',
      'layers.0.feedForward.norm.scale 4', 'layers.0.feedForward.norm.bias 4', 'layers.0.feedForward.hidden.kernel 4x6', 'layers.0.feedForward.hidden.bias 6',
      'layers.0.feedForward.output.kernel 6x4', 'layers.0.feedForward.output.bias 4',
      'final.norm.scale 4', 'final.norm.bias 4', 'heads.advantage.kernel 4x1', 'heads.value.kernel 4x1', 'heads.value.bias 1',
    ]);
  });

  it('counts preset small on NAS-Bench-301: 12 D^2 + 13 D a layer, and the rest', () => {
    // token 196*64 + 64; role 2*64; layers 2 (12*64*64 + 13*64); final norm 2*64; heads 2*64 + 1
    expect(totalSize(parameterShapes(small))).toBe(196 * 64 + 64 + 128 + 2 * (12 * 64 * 64 + 13 * 64) + 128 + 129);
  });

  it('has a row a token under the learned encoding, none under the sinusoidal, and no value head without dueling', () => {
    const names = (spec: NetworkSpec) => parameterShapes(spec).map(({ name, shape }) => `${name} ${shape.join('x')}`);
    expect(names({ ...small, positionalEncoding: 'learned' })).toContain('position.learned 101x64');
    expect(names({ ...small, positionalEncoding: 'sinusoidal' }).some((name) => name.startsWith('position'))).toBe(false);
    expect(names({ ...small, dueling: false }).filter((name) => name.startsWith('heads'))).toEqual(['heads.advantage.kernel 64x1', 'heads.advantage.bias 1']);
  });

  it.each([
    ['heads that do not divide the width', { heads: 3 }, /heads must divide width/],
    ['no layer', { layers: 0 }, /layers must be an integer of at least 1, got 0/],
    ['a broken width', { width: 6.5 }, /width must be an integer/],
    ['more features than uint16 ids', { featureRows: 65_536 }, /featureRows must be at most 65,535/],
  ])('refuses %s', (_, change, message) => {
    expect(() => parameterShapes({ ...small, ...change })).toThrow(ShapeError);
    expect(() => parameterShapes({ ...small, ...change })).toThrow(message);
  });
});

describe('initialWeights', () => {
  const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  const byName = (spec: NetworkSpec, seed: number) => new Map(initialWeights(spec, seed).map(({ name, values }) => [name, values]));

  it('are a function of the seed', () => {
    expect(initialWeights(small, 7)).toEqual(initialWeights(small, 7));
    expect(initialWeights(small, 8)).not.toEqual(initialWeights(small, 7));
  });

  it('have the spread of their fan-in: 1/sqrt(K), 1/sqrt(D), and 1/sqrt(2 L fan-in) into the residual stream', () => {
    const weights = byName(small, 7);
    const of = (name: string) => deviation(weights.get(name) as Float32Array);
    expect(of('token.kernel') * 4).toBeCloseTo(1, 1); // K = 16
    expect(of('layers.1.attention.qkv.kernel') * 8).toBeCloseTo(1, 1); // D = 64
    expect(of('layers.1.attention.output.kernel') * 16).toBeCloseTo(1, 1); // 2 L D = 256
    expect(of('layers.0.feedForward.output.kernel') * 32).toBeCloseTo(1, 1); // 2 L G = 1024
  });

  it('keep the first Q-values near 0: heads at a hundredth of 1/sqrt(D)', () => {
    const weights = byName(small, 7);
    for (const name of ['heads.advantage.kernel', 'heads.value.kernel']) {
      const scaled = deviation(weights.get(name) as Float32Array) * 800;
      expect(scaled).toBeGreaterThan(0.7);
      expect(scaled).toBeLessThan(1.3);
    }
  });

  it('start scales at one and biases at zero', () => {
    const weights = byName(small, 7);
    expect(weights.get('final.norm.scale')?.every((v) => v === 1)).toBe(true);
    expect(weights.get('layers.0.attention.qkv.bias')?.every((v) => v === 0)).toBe(true);
  });

  it('of a parameter do not move when another changes shape', () => {
    const wide = byName({ ...small, positionalEncoding: 'learned', featureRows: 84 }, 7);
    expect(wide.get('layers.1.attention.qkv.kernel')).toEqual(byName(small, 7).get('layers.1.attention.qkv.kernel'));
  });
});

describe('flat vectors', () => {
  it('hold the arrays end to end and give copies back', () => {
    const weights = initialWeights(small, 7);
    const flat = flatten(weights);
    expect(flat).toHaveLength(totalSize(parameterShapes(small)));
    const back = unflatten(flat, parameterShapes(small));
    flat.fill(0);
    expect(back).toEqual(weights);
  });
});

describe('checkNamedArrays', () => {
  const expected = [{ name: 'a', shape: [2, 1], size: 2 }, { name: 'b', shape: [1], size: 1 }];
  const a = { name: 'a', shape: [2, 1], values: new Float32Array(2) };
  const b = { name: 'b', shape: [1], values: new Float32Array(1) };
  it('accepts exactly what is expected', () => expect(() => checkNamedArrays([a, b], expected, 'weights')).not.toThrow());
  it.each([
    ['missing', [a], 'weights must hold 2 arrays, "b" is missing'],
    ['another name', [b, a], 'weights must hold "a" at place 0, got "b"'],
    ['another shape', [{ ...a, shape: [1, 2] }, b], 'weights must hold "a" with shape [2, 1], got [1, 2]'],
    ['another length', [a, { ...b, values: new Float32Array(3) }], 'weights must hold 1 values of "b", got 3'],
    ['one too many', [a, b, { ...b, name: 'c' }], 'weights must hold 2 arrays, got "c" beside them'],
  ])('refuses: %s', (_, arrays, message) => expect(() => checkNamedArrays(arrays, expected, 'weights')).toThrow(new ShapeError(message)));
});

describe('sinusoidalPositions', () => {
  it('is sin and cos at 10000^(-2j/D), interleaved', () => {
    // D = 4: frequencies 1 and 1/100. Token 0: 0 1 0 1. Token 2: sin 2, cos 2, sin 0.02, cos 0.02.
    const table = [...sinusoidalPositions(3, 4)];
    expect(table.slice(0, 4)).toEqual([0, 1, 0, 1]);
    [0.909297, -0.416147, 0.019999, 0.9998].forEach((value, c) => expect(table[8 + c]).toBeCloseTo(value, 6));
  });
});
