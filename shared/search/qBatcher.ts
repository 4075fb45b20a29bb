/**
 * @file Q-values for many searches at once: their states become token batches of one fixed size (so that a compiled network
 * meets one shape only), the last one padded with repeats.
 */
import type { Benchmark } from '../benchmarks/types.js';
import type { RewardScale } from '../mdp/reward.js';
import { TokenEncoder } from '../mdp/tokens.js';
import type { QFunction, TokenBatch } from '../mdp/types.js';
import type { QRequest, QSource, SearchReply } from './types.js';

const NO_ACCURACIES = new Float64Array(0);

export interface QBatcherOptions {
  readonly benchmark: Benchmark;
  readonly q: QFunction;
  /** N: neighbours presented at most, as in training. */
  readonly neighbours: number;
  /** Scale of the rewards that `q` sums; null where unknown. */
  readonly rewardScale: RewardScale | null;
  /** States a call. */
  readonly batchSize: number;
}

/** Answers one call at a time: its buffers are reused. */
export class QBatcher implements QSource {
  readonly neighbours: number;
  readonly rewardScale: RewardScale | null;
  readonly #q: QFunction;
  readonly #words: number;
  readonly #encoder: TokenEncoder;
  readonly #batch: TokenBatch;
  readonly #codes: Uint32Array;
  readonly #seeds: Uint32Array;

  constructor({ benchmark, q, neighbours, rewardScale, batchSize }: QBatcherOptions) {
    this.neighbours = neighbours;
    this.rewardScale = rewardScale;
    this.#q = q;
    this.#words = benchmark.space.codeWords;
    this.#encoder = new TokenEncoder(benchmark, neighbours);
    this.#batch = this.#encoder.allocate(batchSize);
    this.#codes = new Uint32Array(batchSize * this.#words);
    this.#seeds = new Uint32Array(batchSize);
  }

  /** One reply a request, in order: the presented neighbours' codes and Q-values. */
  async answer(requests: readonly QRequest[]): Promise<SearchReply[]> {
    const replies: SearchReply[] = [];
    for (let from = 0; from < requests.length; from += this.#seeds.length) {
      replies.push(...(await this.#answerBatch(requests.slice(from, from + this.#seeds.length))));
    }
    return replies;
  }

  async #answerBatch(requests: readonly QRequest[]): Promise<SearchReply[]> {
    const words = this.#words;
    for (let i = 0; i < this.#seeds.length; i++) {
      const request = requests[Math.min(i, requests.length - 1)] as QRequest;
      this.#codes.set(request.code, i * words);
      this.#seeds[i] = request.seed;
    }
    this.#encoder.encode(this.#codes, this.#seeds, this.#seeds.length, this.#batch);
    const presented = this.#encoder.presentedCodes;
    const values = await this.#q(this.#batch);
    const stride = this.neighbours;
    return requests.map((_, i) => {
      const count = this.#batch.counts[i] ?? 0;
      return {
        accuracies: NO_ACCURACIES,
        presented: presented.slice(i * stride * words, (i * stride + count) * words),
        values: values.slice(i * stride, i * stride + count),
        count,
      };
    });
  }
}
