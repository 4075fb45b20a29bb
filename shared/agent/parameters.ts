/**
 * @file The Q-network's parameters: their names, shapes, order and initial values; and, since every route must compute the same
 * function of them, that function in full. A pre-norm transformer encoder over T = 1 + N tokens (paper: width, current
 * architecture first as a class token, dueling heads; the rest is ours):
 *
 *     h_t   = sum over k of token.kernel[id(t, k)] + token.bias + position_t            id F ("none") adds nothing
 *     h    += output(attention(qkv(norm(h))));   h += output(gelu(hidden(norm(h))))     once per layer
 *     y     = norm(h);   A_i = y_{1+i} . advantage;   V = y_0 . value
 *     Q_i   = V + A_i - mean of A over the valid neighbours        (dueling; Q_i = A_i + bias otherwise)
 *
 * - norm: (x - mean) / sqrt(variance + 1e-5) * scale + bias over D, biased variance. gelu: the exact one, x (1 + erf(x / sqrt 2)) / 2.
 * - qkv columns: query 0..D-1, key D..2D-1, value 2D..3D-1, head h owning columns h D/H..(h+1) D/H - 1 of each; scores over sqrt(D/H).
 * - Token 0 and tokens 1..count are valid. Masked tokens are never attended to, so nothing in them reaches a valid token.
 * - position_t: `role` row min(t, 1); `learned` row t; `sinusoidal` sin and cos at 10000^(-2j/D), interleaved, no parameter.
 *
 * With dueling there is no advantage bias: it would cancel. Without, there is no value head.
 * Dimensions: T tokens, F feature rows, D width, H heads, G feed-forward width.
 */
import { ShapeError } from '../errors.js';
import { Rng } from '../rng.js';
import type { NamedArray, NetworkSpec, WeightSnapshot } from './types.js';

/** Added to the variance in every layer norm. */
export const NORM_EPSILON = 1e-5;

/** What the heads' kernels are scaled by at the start: see initialWeights. */
const HEAD_SCALE = 0.01;

/** A parameter's name and shape; `size` is the product of the shape, `initialScale` the standard deviation it starts with (see initialWeights). */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  /** 0: starts at zero; 'one': starts at one; else standard deviation of a normal. */
  readonly initialScale: number | 'one';
}

function parameter(name: string, shape: readonly number[], initialScale: number | 'one'): ParameterShape {
  return { name, shape, size: shape.reduce((product, n) => product * n, 1), initialScale };
}

const norm = (name: string, width: number) => [parameter(`${name}.scale`, [width], 'one'), parameter(`${name}.bias`, [width], 0)];
const dense = (name: string, from: number, to: number, scale = 1) => [
  parameter(`${name}.kernel`, [from, to], scale / Math.sqrt(from)),
  parameter(`${name}.bias`, [to], 0),
];

/**
 * Every parameter of the network in the order of weight snapshots.
 * @throws ShapeError if `heads` does not divide `width`, or any size is below 1
 */
export function parameterShapes(spec: NetworkSpec): readonly ParameterShape[] {
  checkSpec(spec);
  const { featureRows: F, width: D, layers: L, feedForwardWidth: G, activeFeatures: K, positionalEncoding } = spec;
  const residual = 1 / Math.sqrt(2 * L);
  const shapes = [parameter('token.kernel', [F, D], 1 / Math.sqrt(K)), parameter('token.bias', [D], 0)];
  if (positionalEncoding === 'role') shapes.push(parameter('position.role', [2, D], 0.5));
  if (positionalEncoding === 'learned') shapes.push(parameter('position.learned', [1 + spec.neighbours, D], 0.5));
  for (let i = 0; i < L; i++) {
    const layer = `layers.${i}`;
    shapes.push(
      ...norm(`${layer}.attention.norm`, D),
      ...dense(`${layer}.attention.qkv`, D, 3 * D),
      ...dense(`${layer}.attention.output`, D, D, residual),
      ...norm(`${layer}.feedForward.norm`, D),
      ...dense(`${layer}.feedForward.hidden`, D, G),
      ...dense(`${layer}.feedForward.output`, G, D, residual),
    );
  }
  shapes.push(...norm('final.norm', D));
  const [kernel, bias] = dense('heads.advantage', D, 1, HEAD_SCALE) as [ParameterShape, ParameterShape];
  shapes.push(kernel, ...(spec.dueling ? dense('heads.value', D, 1, HEAD_SCALE) : [bias]));
  return shapes;
}

function checkSpec(spec: NetworkSpec): void {
  for (const key of ['neighbours', 'activeFeatures', 'featureRows', 'width', 'layers', 'heads', 'feedForwardWidth'] as const) {
    if (!Number.isInteger(spec[key]) || spec[key] < 1) throw new ShapeError(`network ${key} must be an integer of at least 1, got ${spec[key]}`);
  }
  if (spec.width % spec.heads !== 0) throw new ShapeError(`network heads must divide width, got ${spec.heads} heads at width ${spec.width}`);
  if (spec.featureRows > 65_535) throw new ShapeError(`network featureRows must be at most 65,535 (ids are uint16), got ${spec.featureRows}`);
}

/**
 * Initial parameters: kernels normal with variance 1/fan-in (token kernel 1/K, so that a token starts near unit variance), the two
 * kernels that write into the residual stream divided by sqrt(2 layers), scales one, biases zero. The heads' kernels are a hundredth of
 * that, so that all Q-values start near 0: at unit variance the greatest of 100 neighbours' is 2.5 by chance, the double-Q target
 * bootstraps from it, and a fifth of a short run is spent on unlearning it (docs/decisions.md). Each parameter draws from a stream
 * named after it, so that one's shape does not move another's values.
 */
export function initialWeights(spec: NetworkSpec, seed: number): WeightSnapshot {
  const root = new Rng(seed);
  return parameterShapes(spec).map(({ name, shape, size, initialScale }) => {
    const values = new Float32Array(size);
    if (initialScale === 'one') values.fill(1);
    else if (initialScale > 0) {
      const rng = root.split('initial-weights', name);
      for (let i = 0; i < size; i++) values[i] = initialScale * rng.normal();
    }
    return { name, shape, values };
  });
}

/**
 * Refuses arrays that are not exactly `expected`: same number, order, names, shapes and lengths.
 * @throws ShapeError naming the first difference
 */
export function checkNamedArrays(arrays: readonly NamedArray[], expected: readonly Pick<ParameterShape, 'name' | 'shape' | 'size'>[], what: string): void {
  expected.forEach(({ name, shape, size }, i) => {
    const array = arrays[i];
    if (array === undefined) throw new ShapeError(`${what} must hold ${expected.length} arrays, "${name}" is missing`);
    if (array.name !== name) throw new ShapeError(`${what} must hold "${name}" at place ${i}, got "${array.name}"`);
    if (array.shape.join() !== shape.join()) throw new ShapeError(`${what} must hold "${name}" with shape [${shape.join(', ')}], got [${array.shape.join(', ')}]`);
    if (array.values.length !== size) throw new ShapeError(`${what} must hold ${size} values of "${name}", got ${array.values.length}`);
  });
  const extra = arrays[expected.length];
  if (extra !== undefined) throw new ShapeError(`${what} must hold ${expected.length} arrays, got "${extra.name}" beside them`);
}

/** The `sinusoidal` encoding, f32 [T, D] row-major: even columns sin(t f_j), odd cos(t f_j), f_j = 10000^(-2j/D) (Vaswani et al. 2017). */
export function sinusoidalPositions(tokens: number, width: number): Float32Array {
  const out = new Float32Array(tokens * width);
  for (let t = 0; t < tokens; t++) {
    for (let c = 0; c < width; c++) {
      const angle = t * 10_000 ** ((-2 * (c >> 1)) / width);
      out[t * width + c] = c % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }
  }
  return out;
}
