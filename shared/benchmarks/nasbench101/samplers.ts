/**
 * @file Random cells. Two samplers, named in every result, since they differ: `classes` draws uniformly over isomorphism
 * classes; `matrices` draws as NASBench's own example does, a uniformly random upper-triangular 7 x 7 matrix with uniformly
 * random operations, again until it is a cell, which favours cells that can be written in many ways.
 */
import type { Rng } from '../../rng.js';
import { Canonicalizer, NO_CELL } from './canonical.js';
import { EDGE_BITS, INTERIOR_SLOTS, OPERATIONS, unpackCode } from './cell.js';

export const SAMPLERS = ['classes', 'matrices'] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** Draws a code. */
export type Sampler = (rng: Rng) => number;

/** Uniform over `codes`, one code a class. */
export function classSampler(codes: Uint32Array): Sampler {
  return (rng) => codes[rng.int(codes.length)]!;
}

/** Uniform over matrices and labellings of 7 vertices whose pruned cell `accepts` takes. */
export function matrixSampler(accepts: (code: number) => boolean): Sampler {
  const canonicalizer = new Canonicalizer();
  const targets = new Int32Array(7);
  const operations = new Int32Array(7);
  return (rng) => {
    for (;;) {
      unpackCode(rng.int(1 << EDGE_BITS), targets, operations);
      for (let slot = 1; slot <= INTERIOR_SLOTS; slot++) operations[slot] = 1 + rng.int(OPERATIONS.length);
      const code = canonicalizer.canonicalCode(targets, operations);
      if (code !== NO_CELL && accepts(code)) return code;
    }
  };
}
