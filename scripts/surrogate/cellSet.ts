/** @file A growing set of distinct genotypes with the teacher's accuracy in percent. */
import type { Nasbench301Backend } from '../../shared/benchmarks/nasbench301/benchmark.js';

export class CellSet {
  readonly #seen = new Set<bigint>();
  #codes = new Uint32Array(1 << 16);
  #labels = new Float32Array(1 << 15);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** uint32 [size, 2]. */
  get codes(): Uint32Array {
    return this.#codes.subarray(0, 2 * this.#size);
  }

  /** f32 [size], percent. */
  get labels(): Float32Array {
    return this.#labels.subarray(0, this.#size);
  }

  /** Adds `count` codes [count, 2] with their accuracies (fractions); cells already held are passed over. @returns how many were new */
  add(codes: Uint32Array, count: number, accuracies: Float64Array): number {
    const before = this.#size;
    for (let i = 0; i < count; i++) {
      const key = (BigInt(codes[2 * i] as number) << 32n) | BigInt(codes[2 * i + 1] as number);
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      if (this.#size === this.#labels.length) this.#grow();
      this.#codes.set(codes.subarray(2 * i, 2 * i + 2), 2 * this.#size);
      this.#labels[this.#size++] = 100 * (accuracies[i] as number);
    }
    return this.#size - before;
  }

  /** Labels `count` codes with the teacher and adds them. */
  label(teacher: Nasbench301Backend, codes: Uint32Array, count: number): number {
    const accuracies = new Float64Array(count);
    teacher.predict(codes, count, accuracies);
    return this.add(codes, count, accuracies);
  }

  #grow(): void {
    const codes = new Uint32Array(2 * this.#codes.length);
    const labels = new Float32Array(2 * this.#labels.length);
    codes.set(this.#codes);
    labels.set(this.#labels);
    this.#codes = codes;
    this.#labels = labels;
  }
}
