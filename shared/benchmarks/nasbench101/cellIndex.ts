/** @file From a code to its row in a table: a hash table of open addressing over typed arrays, about 10 ns a look-up. */

const EMPTY = 0xffffffff;

export class CellIndex {
  readonly #codes: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #mask: number;
  readonly #shift: number;

  /** @param codes uint32 [C], distinct; row i is codes[i] */
  constructor(codes: Uint32Array) {
    const bits = Math.max(4, 33 - Math.clz32(codes.length));
    this.#codes = codes;
    this.#rows = new Uint32Array(2 ** bits).fill(EMPTY);
    this.#mask = 2 ** bits - 1;
    this.#shift = 32 - bits;
    for (let row = 0; row < codes.length; row++) {
      let at = this.#home(codes[row]!);
      while (this.#rows[at] !== EMPTY) at = (at + 1) & this.#mask;
      this.#rows[at] = row;
    }
  }

  #home(code: number): number {
    return Math.imul(code ^ (code >>> 15), 0x9e3779b1) >>> this.#shift;
  }

  /** The row of a code, or -1. */
  rowOf(code: number): number {
    for (let at = this.#home(code); ; at = (at + 1) & this.#mask) {
      const row = this.#rows[at]!;
      if (row === EMPTY) return -1;
      if (this.#codes[row] === code) return row;
    }
  }
}
