/**
 * @file One long vector for all parameters of a network, and back. Routes that keep the weights flat swap them at once and update
 * them in a handful of operations however many parameters there are.
 */
import type { NamedArray } from './types.js';

type Shape = Pick<NamedArray, 'name' | 'shape'> & { readonly size: number };

/** Number of values of all `shapes` together. */
export function totalSize(shapes: readonly Shape[]): number {
  return shapes.reduce((sum, { size }) => sum + size, 0);
}

/** Concatenates the arrays' values into a new vector; the caller has checked their names and shapes. */
export function flatten(arrays: readonly NamedArray[]): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, { values }) => sum + values.length, 0));
  let offset = 0;
  for (const { values } of arrays) {
    out.set(values, offset);
    offset += values.length;
  }
  return out;
}

/** Cuts `flat` into copies, one array for each shape. @param flat f32 [totalSize(shapes)] */
export function unflatten(flat: Float32Array, shapes: readonly Shape[]): NamedArray[] {
  let offset = 0;
  return shapes.map(({ name, shape, size }) => {
    const values = flat.slice(offset, offset + size);
    offset += size;
    return { name, shape, values };
  });
}
