/** Every custom operation on one instruction set: value and gradient against float64 twins, extreme values, NaN, refusals. */
import { beforeAll, describe, expect, it } from 'vitest';
import { attention, addLayerNorm, biasGelu, fusedOps } from '../../../shared/engine/fusedOps.js';
import { Graph, type Output } from '../../../shared/engine/graph.js';
import { loadCustomOps } from '../../../shared/engine/graphAddon.js';
import { multiply, sum } from '../../../shared/engine/graphOps.js';
import { Session } from '../../../shared/engine/graphSession.js';
import type { LayerParameters } from '../../../shared/engine/networkOps.js';
import { EngineError } from '../../../shared/errors.js';
import { Rng } from '../../../shared/rng.js';
import { rowsOf, slowAttention, slowEncoderLayer, slowGelu, slowGradient, slowLayerNorm, slowTokenSum, type SlowLayer } from './slowOps.js';

const EPSILON = 1e-5;

interface Input {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function normal(rng: Rng, shape: readonly number[], scale = 1, offset = 0): Input {
  return { shape, values: Float32Array.from({ length: size(shape) }, () => offset + scale * rng.normal()) };
}

/** Runs `build` on constant inputs. @returns the result's values, and the gradient of sum(cotangent * result) by each input */
function evaluate(inputs: readonly Input[], build: (graph: Graph, inputs: Output[]) => Output, outShape: readonly number[], cotangent?: Float32Array): { value: Float32Array; gradients: Float32Array[] } {
  const graph = new Graph();
  const fed = inputs.map(({ shape }) => graph.placeholder('f32', shape));
  const y = build(graph, fed);
  const loss = cotangent === undefined ? null : sum(multiply(y, graph.constant('f32', outShape, cotangent)), outShape.map((_, i) => i));
  const gradients = loss === null ? [] : graph.gradients(loss, fed);
  const session = new Session(graph, { threads: 2, gpu: false });
  const value = new Float32Array(size(outShape));
  const results = gradients.map((_, i) => new Float32Array((inputs[i] as Input).values.length));
  session.prepare({ feeds: fed, fetches: [y, ...gradients] }).run(inputs, [value, ...results]);
  session.close();
  return { value, gradients: results };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const want = expected[i] as number;
    const error = Math.abs((actual[i] as number) - want) / Math.max(1, Math.abs(want));
    if (!(error <= tolerance)) expect(`${i}: ${String(actual[i])}`, `within ${tolerance}`).toBe(`${i}: ${want}`);
  }
}

/** Value everywhere and gradient at some places of each input (two passes of the twin each), against the twin. */
function expectTwin(rng: Rng, inputs: readonly Input[], outShape: readonly number[], build: (graph: Graph, inputs: Output[]) => Output, twin: (inputs: readonly Float64Array[]) => number[][], tolerance = 2e-5): void {
  const checked = size(outShape) > 500 ? 3 : 20;
  const cotangent = normal(rng, outShape).values;
  const { value, gradients } = evaluate(inputs, build, outShape, cotangent);
  const exact = inputs.map(({ values }) => Float64Array.from(values));
  expectClose(value, twin(exact).flat(), tolerance);
  gradients.forEach((gradient, which) => {
    const places = Array.from({ length: Math.min(checked, gradient.length) }, () => rng.int(gradient.length));
    expectClose(places.map((place) => gradient[place] as number), slowGradient((x) => twin(x).flat(), exact, cotangent, which, places), 20 * tolerance);
  });
}

function layerParameters(inputs: readonly Output[]): LayerParameters {
  const [attentionNormScale, attentionNormBias, qkvKernel, qkvBias, outputKernel, outputBias, feedForwardNormScale, feedForwardNormBias, hiddenKernel, hiddenBias, feedForwardOutputKernel, feedForwardOutputBias] = inputs as readonly [
    Output, Output, Output, Output, Output, Output, Output, Output, Output, Output, Output, Output];
  return { attentionNormScale, attentionNormBias, qkvKernel, qkvBias, outputKernel, outputBias, feedForwardNormScale, feedForwardNormBias, hiddenKernel, hiddenBias, feedForwardOutputKernel, feedForwardOutputBias };
}

/** Kernels of standard deviation 1/sqrt(in), scales near one. */
function layerInputs(rng: Rng, D: number, G: number): Input[] {
  const kernel = (from: number, to: number): Input => normal(rng, [from, to], 1 / Math.sqrt(from));
  const vector = (n: number, offset = 0): Input => normal(rng, [n], 0.3, offset);
  return [vector(D, 1), vector(D), kernel(D, 3 * D), vector(3 * D), kernel(D, D), vector(D), vector(D, 1), vector(D), kernel(D, G), vector(G), kernel(G, D), vector(D)];
}

/** [B, T, D, H, G]: one token, widths below and beside a register's lanes, several tiles, a whole tile and a rest of states. */
const LAYER_SIZES = [[1, 1, 4, 1, 3], [3, 5, 12, 3, 7], [2, 33, 24, 4, 40], [9, 26, 16, 2, 32], [2, 101, 8, 2, 16]] as const;

export function customOpsSuite(isa: 'generic' | 'avx2' | 'avx512'): void {
  describe(`custom operations, ${isa}`, () => {
    beforeAll(() => {
      process.env['ARCHWALK_OPS_ISA'] = isa;
      expect(loadCustomOps()).toBe(true);
    });

    it.each([[1, 1], [3, 5], [130, 64], [257, 31]] as const)('layer norm of [%i, %i]', (rows, width) => {
      const rng = new Rng(rows * 1000 + width);
      const inputs = [normal(rng, [rows, width], 2, 1), normal(rng, [width], 0.5, 1), normal(rng, [width])];
      expectTwin(rng, inputs, [rows, width], (_, [x, s, b]) => fusedOps.layerNorm(x as Output, s as Output, b as Output, EPSILON), ([x, s, b]) =>
        slowLayerNorm(rowsOf(x as Float64Array, width), s as Float64Array, b as Float64Array, EPSILON));
    });

    it.each([[3, 5], [130, 64]] as const)('residual and layer norm of [%i, %i], gradients through both results', (rows, width) => {
      const rng = new Rng(rows + width);
      const inputs = [normal(rng, [rows, width]), normal(rng, [rows, width]), normal(rng, [width], 0.5, 1), normal(rng, [width])];
      expectTwin(rng, inputs, [rows, width], (_, [x, r, s, b]) => {
        const { normed, total } = addLayerNorm(x as Output, r as Output, s as Output, b as Output, EPSILON);
        return multiply(normed, total);
      }, ([x, r, s, b]) => {
        const total = rowsOf((x as Float64Array).map((v, i) => v + ((r as Float64Array)[i] as number)), width);
        return slowLayerNorm(total, s as Float64Array, b as Float64Array, EPSILON).map((row, i) => row.map((v, c) => v * (total[i]?.[c] as number)));
      }, 5e-5);
    });

    it.each([[1, 1], [5, 19], [300, 48]] as const)('bias and GELU of [%i, %i]', (rows, width) => {
      const rng = new Rng(rows + width);
      expectTwin(rng, [normal(rng, [rows, width], 2), normal(rng, [width])], [rows, width], (_, [x, b]) => biasGelu(x as Output, b as Output), ([x, b]) =>
        rowsOf(x as Float64Array, width).map((row) => row.map((v, c) => slowGelu(v + ((b as Float64Array)[c] as number)))));
    });

    it.each([[2, 1, 4, 1], [3, 5, 12, 3], [2, 26, 32, 4], [2, 101, 16, 2]] as const)('attention of %i states of %i tokens, width %i, %i heads, some masked', (B, T, D, H) => {
      const rng = new Rng(B * T * D);
      const counts = Int32Array.from({ length: B }, (_, b) => (b === 0 ? T - 1 : rng.int(T)));
      expectTwin(rng, [normal(rng, [B * T, 3 * D])], [B * T, D], (graph, [qkv]) => attention(qkv as Output, graph.constant('int32', [B], counts), { tokens: T, heads: H }), ([qkv]) =>
        slowAttention(rowsOf(qkv as Float64Array, 3 * D), counts, T, H));
    });

    it.each(LAYER_SIZES)('encoder layer: %i states of %i tokens, width %i, %i heads, feed-forward %i', (B, T, D, H, G) => {
      const rng = new Rng(B + T + D);
      const counts = Int32Array.from({ length: B }, (_, b) => (b === 0 ? T - 1 : rng.int(T)));
      const shape = { tokens: T, width: D, heads: H, feedForwardWidth: G, normEpsilon: EPSILON, precision: 'f32', differentiable: true } as const;
      const inputs = [normal(rng, [B * T, D]), ...layerInputs(rng, D, G)];
      expectTwin(rng, inputs, [B * T, D], (graph, [x, ...layer]) => fusedOps.encoderLayer(x as Output, graph.constant('int32', [B], counts), layerParameters(layer), shape), ([x, ...layer]) =>
        slowEncoderLayer(rowsOf(x as Float64Array, D), counts, layer as unknown as SlowLayer, T, H, EPSILON), 5e-5);
    });

    it('token sums and their gradient; id F adds nothing, ids repeat', () => {
      const [B, T, K, F, D] = [3, 7, 4, 5, 11];
      const rng = new Rng(5);
      const kernel = normal(rng, [F, D]);
      const ids = Uint16Array.from({ length: B * T * K }, () => rng.int(F + 1));
      const feed = (graph: Graph): Output => graph.constant('uint16', [B, T, K], ids);
      const { value } = evaluate([kernel], (graph, [k]) => fusedOps.tokenSum(feed(graph), k as Output), [B * T, D]);
      expectClose(value, slowTokenSum(ids, K, kernel.values, D).flat(), 1e-6);
      const dy = normal(rng, [B * T, D]);
      const gradient = evaluate([kernel, dy], (graph, [k, d]) => fusedOps.tokenSumGradient(feed(graph), k as Output, d as Output), [F, D]).value;
      const places = Array.from({ length: F * D }, (_, i) => i);
      expectClose(gradient, slowGradient(([k]) => slowTokenSum(ids, K, k as Float64Array, D).flat(), [Float64Array.from(kernel.values)], dy.values, 0, places), 1e-5);
    });

    it('stays exact at extreme values: a constant row, GELU far out, scores that overflow a plain exponential', () => {
      const ones = { shape: [4], values: Float32Array.of(1, 1, 1, 1) };
      const zeros = { shape: [4], values: new Float32Array(4) };
      const flat = { shape: [1, 4], values: Float32Array.of(1e4, 1e4, 1e4, 1e4) };
      expectClose(evaluate([flat, ones, zeros], (_, [x, s, b]) => fusedOps.layerNorm(x as Output, s as Output, b as Output, EPSILON), [1, 4]).value, [0, 0, 0, 0], 0);
      // gelu(x) is x far right and 0 far left; at -5 it is -5 Phi(-5) = -1.43326e-6, of which 1 + erf would lose all but two digits.
      const far = { shape: [1, 4], values: Float32Array.of(1e30, -1e30, 20, -5) };
      const gelus = evaluate([far, zeros], (_, [x, b]) => biasGelu(x as Output, b as Output), [1, 4]).value;
      expect([...gelus.subarray(0, 3)]).toEqual([Math.fround(1e30), -0, 20]);
      expect(gelus[3]).toBeCloseTo(-1.43326e-6, 8);
      // Scores 1e4 apart: all weight on the larger key, so the result is its value.
      const qkv = { shape: [2, 3], values: Float32Array.of(100, 100, 7, 100, 200, 9) };
      const mixed = evaluate([qkv], (graph, [x]) => attention(x as Output, graph.constant('int32', [1], Int32Array.of(1)), { tokens: 2, heads: 1 }), [2, 1]).value;
      expect([...mixed]).toEqual([9, 9]);
    });

    it('passes NaN through where it belongs and nowhere else', () => {
      const rng = new Rng(8);
      const x = normal(rng, [3, 6]);
      x.values[7] = Number.NaN;
      const zeros = { shape: [6], values: new Float32Array(6) };
      const ones = { shape: [6], values: new Float32Array(6).fill(1) };
      const bad = (values: Float32Array, width: number): number[] => rowsOf(values, width).map((row) => row.filter((v) => Number.isNaN(v)).length);
      expect(bad(evaluate([x, ones, zeros], (_, [a, s, b]) => fusedOps.layerNorm(a as Output, s as Output, b as Output, EPSILON), [3, 6]).value, 6)).toEqual([0, 6, 0]);
      expect(bad(evaluate([x, zeros], (_, [a, b]) => biasGelu(a as Output, b as Output), [3, 6]).value, 6)).toEqual([0, 1, 0]);
      // Three states of one token: a NaN query spoils its own state.
      const mixed = evaluate([x], (graph, [a]) => attention(a as Output, graph.constant('int32', [3], new Int32Array(3)), { tokens: 1, heads: 1 }), [3, 2]).value;
      expect(bad(mixed, 2)).toEqual([0, 2, 0]);
    });

    it('refuses what does not fit, and TensorFlow says why', () => {
      const rng = new Rng(9);
      const x = normal(rng, [4, 6]);
      const wrong = normal(rng, [5]);
      const right = normal(rng, [6]);
      const counts = (graph: Graph, ...values: number[]): Output => graph.constant('int32', [values.length], Int32Array.from(values));
      expect(() => evaluate([x, wrong, right], (_, [a, s, b]) => fusedOps.layerNorm(a as Output, s as Output, b as Output, EPSILON), [4, 6])).toThrow(EngineError);
      expect(() => evaluate([x, wrong], (_, [a, b]) => biasGelu(a as Output, b as Output), [4, 6])).toThrow(/bias and GELU take/);
      expect(() => evaluate([x], (graph, [a]) => attention(a as Output, counts(graph, 2, 0), { tokens: 2, heads: 1 }), [4, 2])).toThrow(/counts must be in 0..1, got 2/);
      expect(() => evaluate([x], (graph, [a]) => attention(a as Output, counts(graph, 1), { tokens: 2, heads: 1 }), [4, 2])).toThrow(/attention takes/);
      expect(() => evaluate([x], (graph, [k]) => fusedOps.tokenSum(graph.constant('uint16', [1, 1, 1], Uint16Array.of(5)), k as Output), [1, 6])).toThrow(/feature ids must be in 0..4/);
      const shape = { tokens: 2, width: 6, heads: 1, feedForwardWidth: 3, normEpsilon: EPSILON, precision: 'f32', differentiable: false } as const;
      const layer = layerInputs(rng, 6, 3);
      layer[4] = wrong;
      expect(() => evaluate([x, ...layer], (graph, [a, ...p]) => fusedOps.encoderLayer(a as Output, counts(graph, 1, 1), layerParameters(p), shape), [4, 6])).toThrow(/parameter 4 must hold 36 values/);
    });
  });
}
