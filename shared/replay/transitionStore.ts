/**
 * @file Transitions by slot, as records of 3 + 2 + 2W words in one buffer: a random row is one or two cache lines, where columns
 * would be eight (docs/benchmarks/replay.md). Record, uint32 words:
 *
 *   0..W-1 state code | W state seed | W+1..2W next code | 2W+1 next seed | 2W+2 n-step return (f32) | 2W+3 discount (f32)
 *   | 2W+4 generation x 256 + action
 *
 * The generation counts, modulo 2^24, how often the slot was written; it tells an overwritten slot from the one that was sampled.
 */
import type { TransitionColumns } from '../mdp/types.js';

const GENERATIONS = 2 ** 24;

/** Columns that `gather` fills, [size, ...] each; `priorities` are not the store's. */
export type GatheredColumns = Omit<TransitionColumns, 'priorities'>;

export class TransitionStore {
  readonly capacity: number;
  readonly codeWords: 1 | 2;
  /** Words a record. */
  readonly recordWords: number;
  /** uint32 [capacity, recordWords]. */
  readonly words: Uint32Array;
  readonly #floats: Float32Array;
  /** Meaningless; see #fetch. */
  fetched = 0;

  constructor(capacity: number, codeWords: 1 | 2) {
    this.capacity = capacity;
    this.codeWords = codeWords;
    this.recordWords = 2 * codeWords + 5;
    this.words = new Uint32Array(capacity * this.recordWords);
    this.#floats = new Float32Array(this.words.buffer);
  }

  get sizeBytes(): number {
    return this.words.byteLength;
  }

  /** How often each slot was written, modulo 2^24. @param slots uint32 [count];  out uint32 [count] */
  generations(slots: Uint32Array, count: number, out: Uint32Array): void {
    const { words, recordWords } = this;
    for (let i = 0; i < count; i++) out[i] = (words[((slots[i] as number) + 1) * recordWords - 1] as number) >>> 8;
  }

  /** Overwrites slots first..first+count-1 with rows from..from+count-1 of `columns`. */
  write(first: number, columns: TransitionColumns, from: number, count: number): void {
    const { words, recordWords } = this;
    const floats = this.#floats;
    const { stateSeeds, nextSeeds, nStepReturns, discounts, actions } = columns;
    for (let i = 0; i < count; i++) {
      const row = from + i;
      const at = (first + i) * recordWords;
      const tail = at + recordWords - 5;
      this.#writeCodes(at, columns, row);
      words[at + this.codeWords] = stateSeeds[row] as number;
      words[tail + 1] = nextSeeds[row] as number;
      floats[tail + 2] = nStepReturns[row] as number;
      floats[tail + 3] = discounts[row] as number;
      const generation = (((words[tail + 4] as number) >>> 8) + 1) % GENERATIONS;
      words[tail + 4] = generation * 256 + (actions[row] as number);
    }
  }

  /**
   * Copies `count` slots into columns and their generations beside them.
   * @param slots uint32 [count];  generations uint32 [count]
   */
  gather(slots: Uint32Array, count: number, out: GatheredColumns, generations: Uint32Array): void {
    this.#fetch(slots, count);
    const { words, recordWords, codeWords } = this;
    const floats = this.#floats;
    const { stateCodes, nextCodes, stateSeeds, nextSeeds, nStepReturns, discounts, actions } = out;
    for (let i = 0; i < count; i++) {
      const at = (slots[i] as number) * recordWords;
      const tail = at + recordWords - 5;
      for (let w = 0; w < codeWords; w++) {
        stateCodes[i * codeWords + w] = words[at + w] as number;
        nextCodes[i * codeWords + w] = words[at + codeWords + 1 + w] as number;
      }
      stateSeeds[i] = words[at + codeWords] as number;
      nextSeeds[i] = words[tail + 1] as number;
      nStepReturns[i] = floats[tail + 2] as number;
      discounts[i] = floats[tail + 3] as number;
      const last = words[tail + 4] as number;
      actions[i] = last & 255;
      generations[i] = last >>> 8;
    }
  }

  /**
   * Reads the first and last word of each record and does nothing with them: a loop this short keeps some twenty cache misses in
   * flight at once, where the copying one keeps a few: 68 against 300 ns a row (docs/benchmarks/replay.md). The sum is kept only
   * so that no compiler drops the reads.
   */
  #fetch(slots: Uint32Array, count: number): void {
    const { words, recordWords } = this;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const at = (slots[i] as number) * recordWords;
      sum += (words[at] as number) + (words[at + recordWords - 1] as number);
    }
    this.fetched = sum;
  }

  #writeCodes(at: number, { stateCodes, nextCodes }: TransitionColumns, row: number): void {
    const { words, codeWords } = this;
    for (let w = 0; w < codeWords; w++) {
      words[at + w] = stateCodes[row * codeWords + w] as number;
      words[at + codeWords + 1 + w] = nextCodes[row * codeWords + w] as number;
    }
  }
}
