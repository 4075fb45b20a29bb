/** @file TensorFlow's operations as functions of `Output`s, named as the literature names them. Shapes broadcast as NumPy's. */
import { DATA_TYPE, type DataType, type Output } from './graph.js';

const binary = (type: string) => (a: Output, b: Output): Output => a.graph.value(type, [a, b]);
const unary = (type: string) => (x: Output): Output => x.graph.value(type, [x]);

export const add = binary('AddV2');
export const subtract = binary('Sub');
export const multiply = binary('Mul');
export const divide = binary('RealDiv');
export const minimum = binary('Minimum');
export const maximum = binary('Maximum');
export const less = binary('Less');
export const negate = unary('Neg');
export const square = unary('Square');
export const squareRoot = unary('Sqrt');
export const reciprocalRoot = unary('Rsqrt');
export const absolute = unary('Abs');
export const erf = unary('Erf');
export const softmax = unary('Softmax');
/** The same value, through which no gradient flows. */
export const stopGradient = unary('StopGradient');
/** sum(x^2) / 2. */
export const l2Loss = unary('L2Loss');

export function cast(x: Output, type: DataType): Output {
  return x.type === type ? x : x.graph.value('Cast', [x], { attributes: [['DstT', 'type', DATA_TYPE[type]]] });
}

/** [M, K] x [K, N]. */
export function matMul(a: Output, b: Output): Output {
  return a.graph.value('MatMul', [a, b]);
}

/** [..., M, K] x [..., K, N]; `transposeB` takes b as [..., N, K]. */
export function batchMatMul(a: Output, b: Output, transposeB = false): Output {
  return a.graph.value('BatchMatMulV2', [a, b], { attributes: [['adj_y', 'bool', transposeB]] });
}

/** @param shape at most one -1, inferred */
export function reshape(x: Output, shape: readonly number[]): Output {
  return x.graph.value('Reshape', [x, x.graph.ints(shape)]);
}

export function transpose(x: Output, order: readonly number[]): Output {
  return x.graph.value('Transpose', [x, x.graph.ints(order)]);
}

/** `size` of -1 goes to the end. */
export function slice(x: Output, begin: readonly number[], size: readonly number[]): Output {
  return x.graph.value('Slice', [x, x.graph.ints(begin), x.graph.ints(size)]);
}

/** The parts along `axis`, which vanishes. */
export function unstack(x: Output, axis: number): Output[] {
  const count = x.shape[axis] ?? 0;
  const operation = x.graph.operation('Unpack', [x], { attributes: [['num', 'int', count], ['axis', 'int', axis]] });
  return Array.from({ length: count }, (_, i) => x.graph.output(operation, i));
}

/** @param parts at least two */
export function concat(parts: readonly [Output, Output, ...Output[]], axis: number): Output {
  const { graph } = parts[0];
  return graph.value('ConcatV2', [parts, graph.constant('int32', [], Int32Array.of(axis))]);
}

export function mean(x: Output, axes: readonly number[], keep = false): Output {
  return x.graph.value('Mean', [x, x.graph.ints(axes)], { attributes: [['keep_dims', 'bool', keep]] });
}

export function sum(x: Output, axes: readonly number[], keep = false): Output {
  return x.graph.value('Sum', [x, x.graph.ints(axes)], { attributes: [['keep_dims', 'bool', keep]] });
}

/** Where `condition` holds `a`, elsewhere `b`. */
export function select(condition: Output, a: Output, b: Output): Output {
  return a.graph.value('SelectV2', [condition, a, b]);
}

/** Index of the largest along the last axis, int32; the first of equals. */
export function argMax(x: Output): Output {
  const axis = x.graph.constant('int32', [], Int32Array.of(x.shape.length - 1));
  return x.graph.value('ArgMax', [x, axis], { attributes: [['output_type', 'type', DATA_TYPE.int32]] });
}

/** [B, N] and int32 [B]: x[b, index[b]] as [B], written as a sum over a one-hot row so that it has a gradient. */
export function pick(x: Output, index: Output): Output {
  const { graph } = x;
  const columns = graph.ints(Array.from({ length: x.shape[1] ?? 0 }, (_, i) => i));
  const hit = graph.value('Equal', [reshape(index, [-1, 1]), reshape(columns, [1, -1])]);
  return sum(select(hit, x, graph.value('ZerosLike', [x])), [1]);
}

/** Shape of x as int32 [rank], known only when it runs. */
export function dynamicShape(x: Output): Output {
  return x.graph.value('Shape', [x], { attributes: [['out_type', 'type', DATA_TYPE.int32]] });
}
