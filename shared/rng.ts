/**
 * @file The one source of randomness: xoshiro128** (Blackman and Vigna 2018), seeded by splitmix32, splittable by label so
 * that every actor, environment and search draws from a stream of its own. The state is four words, kept in checkpoints.
 */
import { InvariantError } from './errors.js';

/** The four state words of an Rng, uint32 each, not all zero. */
export type RngState = readonly [number, number, number, number];

/** One round of a 32-bit finaliser (splitmix32): spreads every input bit over the output. uint32 to uint32. */
export function mix32(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

function hashLabel(label: string | number): number {
  if (typeof label === 'number') return mix32(label >>> 0);
  let h = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
  return mix32(h >>> 0);
}

export class Rng {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /** @param seed any integer; only its low 32 bits count */
  constructor(seed: number) {
    this.reseed(seed);
  }

  /** Restarts the stream at `seed`, without allocating: used where a stream stands for one neighbour seed. */
  reseed(seed: number): this {
    this.#a = mix32(seed >>> 0);
    this.#b = mix32(this.#a ^ 0x6a09e667);
    this.#c = mix32(this.#b ^ 0xbb67ae85);
    this.#d = mix32(this.#c ^ 0x3c6ef372) | 1;
    return this;
  }

  static fromState(state: RngState): Rng {
    const rng = new Rng(0);
    rng.restore(state);
    return rng;
  }

  get state(): RngState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  /** @throws InvariantError on the all-zero state, from which the generator never leaves */
  restore([a, b, c, d]: RngState): void {
    if ((a | b | c | d) === 0) throw new InvariantError('an Rng state must not be all zero, got 0,0,0,0');
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#d = d | 0;
  }

  /** A stream of its own for `labels`; this stream's position is left as it was. */
  split(...labels: readonly (string | number)[]): Rng {
    let seed = mix32(this.#a ^ mix32(this.#b ^ mix32(this.#c ^ mix32(this.#d))));
    for (const label of labels) seed = mix32(seed ^ hashLabel(label));
    return new Rng(seed);
  }

  /** Uniform in 0..2^32-1. */
  uint32(): number {
    const result = Math.imul(rotl(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotl(this.#d, 11);
    return result;
  }

  /** Uniform in [0, 1) on a grid of 2^-53. */
  float(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** Uniform in 0..bound-1, without bias (rejection). @param bound 1..2^32 */
  int(bound: number): number {
    const limit = 4294967296 - (4294967296 % bound);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % bound;
  }

  /** Standard normal (Box-Muller, one of the pair). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return radius * Math.cos(2 * Math.PI * this.float());
  }
}

function rotl(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
