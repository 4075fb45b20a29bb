/**
 * @file The one query counter. A query is the first evaluation of a distinct architecture within one search, distinct as the
 * benchmark identifies it (`Benchmark.queryKey`); the start is query 1; asking again costs nothing.
 *
 * Admission and settlement are two steps, since an evaluation may take hours: queries are numbered in the order of admission,
 * which the method alone decides, so the history is the same however long each evaluation took.
 */
import type { Benchmark } from '../benchmarks/types.js';
import { ConfigError } from '../errors.js';

/** `admit`'s answer where the budget is spent. */
export const REFUSED = -1;

export class QueryBudget {
  readonly limit: number;
  readonly #benchmark: Pick<Benchmark, 'space' | 'queryKey'>;
  readonly #queryOf = new Map<string | number, number>();
  readonly #codes: Uint32Array;
  readonly #accuracies: Float64Array;
  #queries = 0;
  #repeats = 0;

  /** @param limit queries allowed, 1..1,000,000. @throws ConfigError if it is out of range */
  constructor(benchmark: Pick<Benchmark, 'space' | 'queryKey'>, limit: number) {
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000_000) {
      throw new ConfigError(`a query budget must be an integer in 1..1,000,000, got ${limit}`);
    }
    this.limit = limit;
    this.#benchmark = benchmark;
    this.#codes = new Uint32Array(limit * benchmark.space.codeWords);
    this.#accuracies = new Float64Array(limit).fill(NaN);
  }

  /** Queries admitted so far. */
  get queries(): number {
    return this.#queries;
  }

  get spent(): boolean {
    return this.#queries >= this.limit;
  }

  /** Admissions in a row, up to now, that were free repeats: how a driver notices that a method found nothing new. */
  get repeatsInARow(): number {
    return this.#repeats;
  }

  /** True if the architecture at `offset` has been admitted. */
  has(codes: Uint32Array, offset: number): boolean {
    return this.#queryOf.has(this.#benchmark.queryKey(codes, offset));
  }

  /**
   * Numbers the architecture at `offset`: 0 is the start.
   * @returns its query's number, new or old, or REFUSED if it is new and the budget is spent
   */
  admit(codes: Uint32Array, offset: number): number {
    const key = this.#benchmark.queryKey(codes, offset);
    const known = this.#queryOf.get(key);
    if (known !== undefined) {
      this.#repeats++;
      return known;
    }
    if (this.spent) return REFUSED;
    const query = this.#queries++;
    const words = this.#benchmark.space.codeWords;
    this.#queryOf.set(key, query);
    for (let w = 0; w < words; w++) this.#codes[query * words + w] = codes[offset + w] ?? 0;
    this.#repeats = 0;
    return query;
  }

  /** Enters the validation accuracy of an admitted query. */
  settle(query: number, accuracy: number): void {
    this.#accuracies[query] = accuracy;
  }

  /** NaN until the query is settled, and for REFUSED. */
  accuracy(query: number): number {
    return this.#accuracies[query] ?? NaN;
  }

  /** uint32 [queries, W]: a copy. */
  codes(): Uint32Array {
    return this.#codes.slice(0, this.#queries * this.#benchmark.space.codeWords);
  }

  /** f64 [queries]: a copy. */
  accuracies(): Float64Array {
    return this.#accuracies.slice(0, this.#queries);
  }

  /**
   * Best-so-far of the settled queries, by query: `best` f64 [limit] and `incumbents` int32 [limit], the query that holds it
   * (the first on ties; -1 while nothing is settled), both held after the last query.
   */
  bestSoFar(): { best: Float64Array; incumbents: Int32Array } {
    const best = new Float64Array(this.limit);
    const incumbents = new Int32Array(this.limit);
    let value = NaN;
    let incumbent = -1;
    for (let q = 0; q < this.limit; q++) {
      const accuracy = q < this.#queries ? (this.#accuracies[q] ?? NaN) : NaN;
      if (!Number.isNaN(accuracy) && (incumbent < 0 || accuracy > value)) {
        value = accuracy;
        incumbent = q;
      }
      best[q] = value;
      incumbents[q] = incumbent;
    }
    return { best, incumbents };
  }
}
