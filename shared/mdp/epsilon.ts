/**
 * @file The exploration ladder: slot g of all actors' environments together acts at random with probability
 * epsilon_g = base^(1 + exponent * vdc(g)). Ape-X (arXiv:1803.00933) spaces i/(N-1) evenly over a fixed number of actors;
 * the van der Corput sequence covers the same range evenly at every number of slots, so nobody is renumbered when an actor joins.
 */
import { ConfigError } from '../errors.js';

/**
 * Element `g` of the base-2 van der Corput sequence, 0, 1/2, 1/4, 3/4, 1/8, ...: the bits of g mirrored at the point.
 * @param g integer in 0..2^32-1
 * @throws ConfigError if g is outside
 */
export function vanDerCorput(g: number): number {
  if (!Number.isInteger(g) || g < 0 || g > 0xffffffff) {
    throw new ConfigError(`an exploration slot must be an integer in 0..4,294,967,295, got ${g}`);
  }
  let bits = g >>> 0;
  bits = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1);
  bits = ((bits >>> 2) & 0x33333333) | ((bits & 0x33333333) << 2);
  bits = ((bits >>> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4);
  bits = ((bits >>> 8) & 0x00ff00ff) | ((bits & 0x00ff00ff) << 8);
  bits = (bits >>> 16) | (bits << 16);
  return (bits >>> 0) / 4294967296;
}

/**
 * Probability of a random action in slot `slot`: base^(1 + exponent * vdc(slot)), from `base` down to base^(1 + exponent).
 * @param base in [0, 1]
 * @param exponent at least 0
 * @throws ConfigError if a value is out of its range
 */
export function epsilonOf(slot: number, base: number, exponent: number): number {
  if (!(base >= 0 && base <= 1)) throw new ConfigError(`actor.epsilonBase must be in 0..1, got ${base}`);
  if (!(exponent >= 0 && exponent < Infinity)) throw new ConfigError(`actor.epsilonExponent must be at least 0, got ${exponent}`);
  return base ** (1 + exponent * vanDerCorput(slot));
}
