/**
 * @file Counts distinct architectures in bounded memory: the training queries. Exact (up to collisions of 53-bit hashes) until
 * `cap` distinct ones; beyond it adaptive sampling (Flajolet 1990): only hashes that end in `level` zero bits are kept, and the
 * count is kept x 2^level, with a standard error of about 1.2 / sqrt(cap), 0.12 % at the default cap of 2^20 (16 MB at most).
 */
import { ConfigError, InvariantError } from '../errors.js';
import { mix32 } from '../rng.js';

const DEFAULT_CAP = 2 ** 20;
const FIRST_TABLE = 1024;

/** `hashes` is f64 [kept]. */
export interface QueryCounterState {
  readonly level: number;
  readonly hashes: Float64Array;
}

export class QueryCounter {
  readonly #cap: number;
  /** Open addressing, 0 = empty, a power of two, at most half full. */
  #table = new Float64Array(FIRST_TABLE);
  #kept = 0;
  #level = 0;

  /**
   * @param cap distinct keys counted exactly, at least 16
   * @throws ConfigError if it is less
   */
  constructor(cap = DEFAULT_CAP) {
    if (!Number.isInteger(cap) || cap < 16) throw new ConfigError(`a query counter's cap must be an integer of at least 16, got ${cap}`);
    this.#cap = cap;
  }

  /** Number of distinct keys added: exact until `cap`, then an estimate. */
  get count(): number {
    return this.#kept * 2 ** this.#level;
  }

  /** False once `count` is an estimate. */
  get exact(): boolean {
    return this.#level === 0;
  }

  add(key: string | number): void {
    const hash = typeof key === 'number' ? hashNumber(key) : hashText(key);
    if (hash % 2 ** this.#level !== 0) return;
    this.#insert(hash);
    while (this.#kept > this.#cap) this.#rebuild(this.#level + 1, this.#table.length);
  }

  get state(): QueryCounterState {
    return { level: this.#level, hashes: this.#table.filter((hash) => hash !== 0) };
  }

  /** @throws InvariantError if the state holds more than `cap` hashes */
  restore({ level, hashes }: QueryCounterState): void {
    if (hashes.length > this.#cap) throw new InvariantError(`a query counter's hashes must be at most ${this.#cap}, got ${hashes.length}`);
    this.#table = new Float64Array(FIRST_TABLE);
    this.#kept = 0;
    this.#level = level;
    for (const hash of hashes) this.#insert(hash);
  }

  #insert(hash: number): void {
    const table = this.#table;
    // Hashes kept at a level share their low bits, so the slot is taken from the high ones.
    let at = Math.floor(hash / 2 ** 21) % table.length;
    for (; table[at] !== 0; at = (at + 1) & (table.length - 1)) if (table[at] === hash) return;
    table[at] = hash;
    this.#kept++;
    if (2 * this.#kept > table.length && this.#kept <= this.#cap) this.#rebuild(this.#level, 2 * table.length);
  }

  #rebuild(level: number, length: number): void {
    const hashes = this.#table;
    this.#table = new Float64Array(length);
    this.#kept = 0;
    this.#level = level;
    for (const hash of hashes) if (hash !== 0 && hash % 2 ** level === 0) this.#insert(hash);
  }
}

/** Two 32-bit words to a number in 1..2^53-1. */
function join(high: number, low: number): number {
  return (high >>> 11) * 4294967296 + low || 1;
}

function hashNumber(key: number): number {
  const low = mix32(key >>> 0);
  const high = mix32(low ^ mix32(Math.floor(key / 4294967296) >>> 0) ^ (key >>> 0));
  return join(high, mix32(low ^ 0x5bd1e995));
}

function hashText(key: string): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995) ^ (b >>> 15);
  }
  return join(mix32(a ^ key.length), mix32(b));
}
