/**
 * @file From codes to what the network reads: token 0 is the current architecture, tokens 1..N its presented neighbours, each
 * as K feature ids. Features are rebuilt from codes wherever they are needed and never stored or sent.
 *
 * Dimensions: B rows, W words a code, N neighbours presented at most, T = 1 + N tokens, K feature ids a token, F feature rows.
 */
import type { Benchmark } from '../benchmarks/types.js';
import { ConfigError, ShapeError } from '../errors.js';
import { presentNeighbours, presentScratch, type PresentScratch } from './present.js';
import type { TokenBatch } from './types.js';

/** Owns its scratch and the presented codes of the last `encode`; the token batches belong to the caller. Allocates only when a larger batch comes. */
export class TokenEncoder {
  /** N. */
  readonly neighbours: number;
  readonly #benchmark: Benchmark;
  readonly #scratch: PresentScratch;
  #presented = new Uint32Array(0);

  /**
   * @param limit N, 1..255 (an action is one byte)
   * @throws ConfigError if N is outside
   */
  constructor(benchmark: Benchmark, limit: number) {
    if (!Number.isInteger(limit) || limit < 1 || limit > 255) {
      throw new ConfigError(`mdp.neighbours must be in 1..255, got ${limit}`);
    }
    this.#benchmark = benchmark;
    this.neighbours = limit;
    this.#scratch = presentScratch(benchmark);
  }

  /** uint32 [B, N, W]: the neighbours presented by the last `encode`; row b holds `counts[b]` codes, the rest is unspecified. Reused by the next call. */
  get presentedCodes(): Uint32Array {
    return this.#presented;
  }

  /** An empty batch of `batch` rows: no neighbours, every id F. */
  allocate(batch: number): TokenBatch {
    const { active, rows } = this.#benchmark.space.features;
    return {
      batch,
      ids: new Uint16Array(batch * (1 + this.neighbours) * active).fill(rows),
      counts: new Int32Array(batch),
    };
  }

  /**
   * Writes the observations of `count` states into `out` and their presented codes into `presentedCodes`; rows past `count` become empty.
   *
   * @param codes uint32 [count, W]
   * @param seeds uint32 [count], neighbour seeds
   * @throws ShapeError if `out` is no batch of this encoder or has fewer than `count` rows
   */
  encode(codes: Uint32Array, seeds: Uint32Array, count: number, out: TokenBatch): void {
    const { codeWords, features } = this.#benchmark.space;
    const { active, rows } = features;
    const rowIds = (1 + this.neighbours) * active;
    if (out.ids.length !== out.batch * rowIds || out.counts.length !== out.batch) {
      throw new ShapeError(`a token batch of ${out.batch} rows must hold ${out.batch * rowIds} ids, got ${out.ids.length}`);
    }
    if (count > out.batch) throw new ShapeError(`a token batch must have at least ${count} rows, got ${out.batch}`);
    const stride = this.neighbours * codeWords;
    if (this.#presented.length < out.batch * stride) this.#presented = new Uint32Array(out.batch * stride);
    for (let b = 0; b < count; b++) {
      out.counts[b] = this.#encodeRow(codes, b * codeWords, seeds[b] as number, out.ids, b * rowIds, b * stride);
    }
    out.ids.fill(rows, count * rowIds);
    out.counts.fill(0, count);
  }

  /** One state's T tokens. @returns the number of neighbours presented */
  #encodeRow(codes: Uint32Array, offset: number, seed: number, ids: Uint16Array, idOffset: number, presentedOffset: number): number {
    const benchmark = this.#benchmark;
    const { space } = benchmark;
    const { codeWords, features } = space;
    const { active, rows } = features;
    const presented = this.#presented;
    const limit = this.neighbours;
    const count = presentNeighbours(benchmark, codes, offset, seed, limit, this.#scratch, presented, presentedOffset);
    space.featureIds(codes, offset, ids, idOffset);
    let at = idOffset + active;
    for (let i = 0; i < count; i++, at += active) space.featureIds(presented, presentedOffset + i * codeWords, ids, at);
    if (count < limit) ids.fill(rows, at, idOffset + (1 + limit) * active);
    return count;
  }
}
